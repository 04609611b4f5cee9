"""Small words that change what a sentence says, in many languages, and those that do not. Read by `wording`."""

from __future__ import annotations

# --- words between blanks, folded

NEGATIONS = frozenset(
    """
    not no never none nor neither cannot without don't doesn't didn't won't can't isn't aren't wasn't weren't shouldn't mustn't
    wouldn't couldn't haven't hasn't hadn't needn't ain't dont doesnt didnt wont cant isnt arent wasnt shouldnt nobody nothing
    nowhere hardly
    nicht kein keine keinen keinem keiner keines nie niemals ohne nichts niemand
    pas jamais sans non aucun aucune ni nunca sin ningún ninguna ninguno tampoco não sem nem nenhum nenhuma mai senza nessun nessuna
    nie bez nigdy ne není nikdy niet geen nooit zonder inte ej aldrig utan ingen inga inget ikke aldri uten uden
    ei älä ilman eivät nem nincs soha nélkül nu fără değil yok hiç asla không chưa đừng chẳng tidak bukan jangan tanpa belum nije nema
    не нет никогда без нельзя ни ничего ні немає ніколи нема няма никога није
    δεν δε μην μη όχι χωρίς ποτέ ούτε לא אין אל בלי ללא אסור
    لا لم لن ليس ليست غير بدون بلا عدم ما مش ممنوع نه نیست بدون هرگز نباید نہیں نہ مت بغیر
    नहीं नही न मत ना बिना कभी नाही नको छैन होइन না নয় নেই নি বিনা ਨਹੀਂ નથી નહીં ના இல்லை வேண்டாம் లేదు కాదు వద్దు ಇಲ್ಲ ಬೇಡ ഇല്ല അല്ല അരുത്
    ոչ არ არა ვერ ნუ የለም አይደለም
    """.split()
)
OPPOSITES = tuple(  # of which one text has the one and another the other
    tuple(pair.split("/"))
    for pair in (
        "enable/disable enabled/disabled enables/disables allow/forbid allow/deny allowed/forbidden allowed/denied on/off true/false "
        "yes/no accept/reject accepts/rejects accepted/rejected pass/fail passes/fails passed/failed add/remove added/removed "
        "add/drop added/dropped before/after more/less up/down min/max minimum/maximum"
    ).split()
)
# Who leaves one of these out, or puts it in, says something else.
TELLING = frozenset(word for pair in OPPOSITES for word in pair) | frozenset(
    """
    except unless instead rather avoid avoids stop stops stopped only from by against until than if whether because since while via
    during under
    can could may might maybe perhaps probably possibly sometimes rarely seldom almost nearly yet already still
    all some any every each most few both either half double twice once
    one two three four five six seven eight nine ten eleven twelve first second third last next previous
    old new former legacy deprecated obsolete temporary temporarily planned proposed partial partially
    nur vielleicht manchmal alle einige kann statt außer bis seulement peut tous sauf depuis sólo solo puede todos excepto desde
    só apenas pode todos exceto только может все кроме вместо от до فقط قد كل إلا من إلى केवल सिर्फ से तक सभी
    """.split()
)
# Begin a part of a sentence that may stand before or behind the rest. The first ones say little beside that.
SLIGHT = frozenset("when for with in at to".split())
JOINTS = SLIGHT | frozenset(
    """
    after before while if unless because since until once without on during under via
    nach vor wenn weil für mit bei während après avant quand si parce pour avec dans después antes cuando porque para con en
    depois quando com em после перед когда если потому для в на с
    """.split()
)
ASSIGNING = frozenset(  # what follows is a value
    """
    is are = := equals ist sind beträgt es son est sont é são è sono равен равно составляет
    """.split()
)
# What a number or a name that follows is the value of; other words before a number tell one thing from its like (worker 3).
VALUED = frozenset(
    """
    port timeout limit version size ttl max maximum min minimum rate level interval delay threshold quota budget percent
    use run need keep choose wait retry hold allow last take store cost hav expir
    порт порту версия лимит таймаут ポート バージョン タイムアウト
    """.split()
)
VALUED_ENDS = tuple("是 为 為 用 端口 版本 上限 下限 时间 時間 期限 พอร์ต เวลา 포트 버전".split())
NUMBERED = frozenset("release releas build chapter section figure table part".split())  # before 1.2

SILENT = frozenset(  # nobody misses them
    """
    a an the and or of as is are was were be been being it its this that these those we i you they our their my your
    so then there here will would should must shall has have had having do does did who which what where also always please
    """.split()
)
LIGHT = frozenset(  # of other languages: may be missing, but stand for cases, so where both texts have one it counts
    """
    der die das dem den des ein eine einen einem einer wir ich und oder ist le la les un une des du de nous je on et
    el los las nosotros y o a os as um uma il lo gli noi e het een wij bir biz мы я это и та ми ми ο η το οι τα και εμείς
    نحن و هذا هذه हम यह और है हैं আমরা এই
    """.split()
)
# One word for several that mean nothing else.
SAME_WORD = {
    word: words[0]
    for words in map(
        str.split,
        (
            "use uses used using utilize utilise utilizes utilises utilized utilised",
            "run runs running ran execute executes executed executing",
            "begin begins began begun start starts started starting",
            "need needs needed require requires required",
            "choose chooses chose chosen select selects selected pick picks picked",
            "fix fixes fixed repair repairs repaired",
            "keep keeps kept keeping",
            "write writes wrote written writing",
            "repository repositories repo repos",
            "database databases db dbs",
            "configuration configurations config configs",
            "documentation docs",
            "environment environments env envs",
            "production prod",
            "development dev",
            "dependency dependencies deps dep",
            "application applications app apps",
            "parameter parameters param params",
            "argument arguments arg args",
            "directory directories dir dirs folder folders",
            "kubernetes k8s",
            "javascript js",
            "typescript ts",
            "postgres postgresql",
        ),
    )
    for word in words
}

# --- parts of runs without blanks

NEGATED = (  # kana, hanzi, Thai, Lao, Khmer; what follows is asked for where a sign stands in other words as well
    "ない|なく|なし|なけれ|なかっ|ません|ずに|無し|禁止|[うくぐすつぬぶむる]な(?![ぁ-ん])"
    "|不|没|沒|無|无|未|非|别|勿|莫|ไม่|ห้าม|อย่า|ไร้|ບໍ່|ຢ່າ|ຫ້າມ|មិន|គ្មាន|កុំ|ពុំ"
)
TOLD = (
    "だけ|のみ|しか|まだ|もう|から|まで|より|れ(?=[るたてま])|せ(?=[るたてま])|べき|たい|かも|か(?=か?$)"
    "|被|从|從|由|只|仅|僅|比|是否|吗|嗎|曾|已"
)
EMPTY = "我们|我們|咱们|你们|他们|的|了|着|呢|吧|啊|也|请|應該|应该|应当|必须|需要|ครับ|ค่ะ|คะ|นะ"

# Hiragana that is grammar: what is left of a run without it is a word. The first stands behind a Chinese character.
INFLECTED = (
    "[うくぐすつぬぶむるいきぎしちにびみりえけげせてねべめれっんわかさたなばまらおこそもよろ]?"
    "(?:ましょう|ました|ます|った|って|んだ|んで|いた|いて|いだ|いで|した|して|する|れば|けば|る|た|て|う|く|い|り|き|し|ば)?"
)
PARTICLES = (
    "でした|です|だった|である|であり|ました|ます|している|して|した|する|こと|もの|ため|とき|ように|ような|という|として|について"
    "|によって|により|には|では|とは|へは|にも|でも|ので|のに|けど|ている|ていた|てある|おり|いる|ある|なる|なり|なっ|った|って"
    "|[はがをにへとでのもやしてたださねよ]"
)

NEGATED_HANGUL = "않|없|아니|지마|^[안못]$|^마(?:세요|라|십시오|시오|요)?$|^말(?:고|아|라|것)?$"
ENDINGS_HANGUL = (
    "(?:했습니다|합니다|하십시오|하세요|해요|하여|하고|하지|하는|한다|했다|하다|함|해야|할|입니다|이에요|예요|이다|임"
    "|[은는이가을를의도])$"
)
TOPICS = ("は", "은", "는")  # what follows may be its value
FIRST_PARTICLES = tuple("はがをにでとへもの")
ROLES = {"が": "who", "を": "whom", "가": "who", "이": "who", "을": "whom", "를": "whom"}
