"""Pairs of memories in many scripts, by what one is to the other. A line has the language and two texts."""

from __future__ import annotations


def table(text: str) -> list[tuple[str, str]]:
    """The pairs, each read both ways by whoever uses them."""
    rows = [line.strip().split("|") for line in text.strip().splitlines()]
    return [(one, other) for _, one, other in rows]


SAME = table(  # but for small words, other forms, order of parts, width, marks
    """
    en|We use SQLite as the store.|we use  SQLite as our store
    en|Always run the tests before pushing to main.|Run tests before pushing to main
    en|Run the integration tests after each merge|After each merge, run the integration tests
    en|We utilise Redis for the session cache|We use Redis for session caches
    en|The gateway config is kept in deploy/gateway.toml|Gateway configuration is kept in deploy/gateway.toml
    en|The build job caches the node_modules folder between runs|The build job is caching the node_modules directory between runs
    en|Retry failed uploads three times, then give up|Retry a failed upload three times and then give up
    en|`flush_interval` is 30s in staging.|flush_interval is 30s in staging
    ja|認証トークンの有効期限は三十分にする|認証トークンの有効期限は、三十分にします。
    ja|キャッシュはRedisを使う|キャッシュは Redis を使います
    ja|サーバーの設定はconfig.tomlに書く|サーバの設定は config.toml に書きます。
    ja|本番環境へのデプロイは金曜日に行う|本番環境へのデプロイは、金曜日に行います
    zh|我们使用SQLite存储数据|使用 SQLite 存储数据。
    zh|部署之前必须运行全部测试|部署之前运行全部测试。
    zh|缓存的有效期是30分钟|缓存有效期是 30 分钟
    zh|缓存的有效期是三十五分钟|缓存的有效期是35分钟
    ja|上限は二万五千件とする|上限は25000件とする。
    de|Die Tests laufen nach jedem Merge auf dem Server. Es dauert.|Tests laufen nach jedem Merge auf dem Server
    ko|설정은 config.toml 파일에 저장한다|설정은 config.toml 파일에 저장합니다.
    ko|인증 토큰은 30분 동안 유효하다|인증 토큰이 30분 동안 유효합니다
    th|เซิร์ฟเวอร์ใช้พอร์ต 8080 ครับ|เซิร์ฟเวอร์ ใช้พอร์ต 8080
    th|สำรองข้อมูลทุกวันเวลา ๓ นาฬิกา|สำรองข้อมูลทุกวัน เวลา 3 นาฬิกา
    ar|نستخدم SQLite لتخزين البيانات|نَستخدم SQLite لتخزين البيانات.
    ar|المهلة ٣٠ ثانية في الإنتاج|المهلة 30 ثانية في الإنتاج
    ru|Мы храним настройки в файле config.toml|Храним настройки в файле config.toml
    ru|Тесты идут после каждого коммита в main|Тесты идут, после каждого коммита в main.
    ru|Перед релизом запускаем все тесты на сервере|Запускаем все тесты на сервере перед релизом
    hi|हम डेटा के लिए SQLite का उपयोग करते हैं|हम डेटा के लिए SQLite का उपयोग करते हैं।
    hi|टाइमआउट ३० सेकंड है|टाइमआउट 30 सेकंड है
    de|Wir verwenden SQLite als Speicher|Wir verwenden SQLite als Speicher.
    de|Die Sicherung des Servers läuft jede Nacht um 3:00|Sicherung des Servers läuft jede Nacht um 3:00!
    fr|Les tests sont lancés après chaque commit|Les tests sont lancés, après chaque commit
    es|El tiempo de espera es de 30 segundos|el tiempo de espera  es de 30 segundos.
    el|Η προσωρινή μνήμη λήγει σε 30 λεπτά|Η προσωρινή μνήμη λήγει σε 30 λεπτά.
    he|אנחנו משתמשים ב-Redis עבור המטמון|אנחנו משתמשים ב-Redis עבור המטמון.
    vi|Máy chủ chạy trên cổng 8080|Máy chủ chạy trên cổng 8080.
    emoji|Deploy ✅ on Friday|deploy ✅ on friday
    emoji|👍🏽 Merge to main after review|👍 Merge to main after review
    width|Ｕｓｅ ｕｖ for environments|Use uv for environments
    """
)
DIFFERENT = table(  # another number, name, negation, opposite, sign, direction, role, modality, or a word for another
    """
    en|The timeout is 30 seconds|The timeout is 60 seconds
    en|Do not use tabs in the sources|Do use tabs in the sources
    en|Enable the cache in production|Disable the cache in production
    en|foo_bar fails on start|foo_baz fails on start
    en|The staging database runs in Frankfurt on Postgres with daily backups|The production database runs in Frankfurt on Postgres with daily backups
    en|module A replaces module B in the parser|module B replaces module A in the parser
    en|See src/a.py for the reason|See src/b.py for the reason
    en|Migrate the reports from Postgres|Migrate the reports to Postgres
    en|Redis is replaced by Memcached in the gateway|Redis replaced Memcached in the gateway
    en|Should we use Redis for sessions?|We should use Redis for sessions
    en|Alert when the load is > 5|Alert when the load is < 5
    en|The worker can restart the queue|The worker must restart the queue
    en|Run the tests after the merge|Run the merge after the tests
    en|If the cache is cold skip the warmup step|If the warmup step is cold skip the cache
    en|Use Redis instead of Postgres for sessions|Use Postgres instead of Redis for sessions
    en|Deploys of the gateway go out on Mondays|Deploys of the gateway go out on Tuesdays
    en|Ines reports to Marek|Marek reports to Ines
    en|Store the tokens encrypted in the vault|Delete the tokens encrypted in the vault
    en|The first worker takes the lock of the queue and the heap|The worker takes the lock of the queue and the heap
    en|Some requests of the gateway are logged to disk|Requests of the gateway are logged to disk
    en|Keep thirteen backups of the ledger|Keep thirty backups of the ledger
    en|The internet gateway drops idle connections|The internal gateway drops idle connections
    en|Use uv|Use uv for all environments of every project, and pin its version in the lock file
    en|Port -1 means no limit|Port 1 means no limit
    en|Run lint, run tests, run build|Run build, run lint, run tests
    en|The gateway retries the failed uploads at night|The billing gateway retries the failed uploads at night
    en|Run the migrations before each deploy|Run the migrations before each deploy in staging
    en|Set -x in release.sh|Set -e in release.sh
    en|The limit is 5 MB per upload|The limit is 5 GB per upload
    en|We might move the queue to Kafka|We move the queue to Kafka
    ja|認証トークンの有効期限は三十分|認証トークンの有効期限は六十分
    ja|認証トークンの有効期限は三十分にする|認証トークンの有効期限は三十五分にする
    ja|キャッシュを使う|キャッシュを使わない
    ja|設定ファイルに触る|設定ファイルに触るな
    ja|データを大阪から移す|データを大阪へ移す
    ja|利用者がサーバを呼ぶ|利用者をサーバが呼ぶ
    ja|猫はさかなが好き|猫はにくが好き
    ja|認証を毎晩更新する|認証局を毎晩更新する
    ja|古いデータは毎晩自動で消す|古いデータベースは毎晩自動で消す
    ja|セッションにRedisを使うか。|セッションにRedisを使う。
    ja|管理者だけが鍵を更新する|管理者が鍵を更新する
    ja|キャッシュを有効にする|キャッシュを無効にする
    ja|利用者を招待する|利用者に招待される
    ja|金曜日にデプロイする|月曜日にデプロイする
    zh|我们使用SQLite存储数据|我们不使用SQLite存储数据
    zh|缓存的有效期是三十分钟|缓存的有效期是三十五分钟
    zh|每天更新认证|每天更新认证局
    zh|从北京迁移到上海|从上海迁移到北京
    zh|Redis被Postgres替换|Redis替换Postgres
    zh|是否使用Redis|使用Redis
    zh|部署之前运行测试|部署之后运行测试
    zh|只备份主数据库|备份主数据库
    ko|설정은 파일에 둔다|설정은 파일에 두지 않는다
    ko|서버가 클라이언트를 호출한다|서버를 클라이언트가 호출한다
    ko|데이터를 서버에서 옮긴다|데이터를 서버로 옮긴다
    ko|인증 토큰은 30분 동안 유효하다|인증 토큰은 60분 동안 유효하다
    ko|테스트를 실행하세요|테스트를 실행하지 마세요
    ko|서버가 함수를 호출한다|서버가 함수를 호출된다
    th|เซิร์ฟเวอร์ใช้พอร์ต 8080|เซิร์ฟเวอร์ใช้พอร์ต 9090
    th|เราใช้ Redis สำหรับแคช|เราไม่ใช้ Redis สำหรับแคช
    th|สำรองข้อมูลทุกวันเวลา ๓ นาฬิกา|สำรองข้อมูลทุกวันเวลา ๕ นาฬิกา
    ar|نستخدم SQLite لتخزين البيانات|لا نستخدم SQLite لتخزين البيانات
    ar|المهلة ٣٠ ثانية في الإنتاج|المهلة ٦٠ ثانية في الإنتاج
    ar|انقل التقارير من الخادم القديم|انقل التقارير إلى الخادم القديم
    ru|Мы используем Redis для кэша|Мы не используем Redis для кэша
    ru|Кошка видит собаку|Кошку видит собака
    ru|Тайм-аут 30 секунд|Тайм-аут 60 секунд
    ru|Храним тринадцать копий журнала|Храним тридцать копий журнала
    ru|Сервер доступен ночью|Сервер недоступен ночью
    ru|Модуль foo_a заменяет foo_b|Модуль foo_b заменяет foo_a
    hi|हम कैश का उपयोग करते हैं|हम कैश का उपयोग नहीं करते हैं
    hi|टाइमआउट ३० सेकंड है|टाइमआउट ६० सेकंड है
    hi|रिपोर्ट सोमवार को भेजें|रिपोर्ट मंगलवार को भेजें
    de|Wir verwenden Redis für den Cache|Wir verwenden keinen Redis für den Cache
    de|Der Hund beißt den Mann|Den Hund beißt der Mann
    de|Der Dienst hört auf Port 8080|Der Dienst hört auf Port 9090
    fr|Nous utilisons Redis pour le cache|Nous n'utilisons pas Redis pour le cache
    es|Usamos Redis para la caché|No usamos Redis para la caché
    tr|Önbellek için Redis kullan|Önbellek için Redis kullanma
    cs|Používáme Redis pro mezipaměť|Nepoužíváme Redis pro mezipaměť
    el|Χρησιμοποιούμε Redis για την προσωρινή μνήμη|Δεν χρησιμοποιούμε Redis για την προσωρινή μνήμη
    he|אנחנו משתמשים ב-Redis|אנחנו לא משתמשים ב-Redis
    vi|Chúng tôi dùng Redis cho bộ nhớ đệm|Chúng tôi không dùng Redis cho bộ nhớ đệm
    ta|நாங்கள் Redis பயன்படுத்துகிறோம்|நாங்கள் Redis பயன்படுத்தவில்லை
    emoji|Deploy ✅ on Friday|Deploy ❌ on Friday
    emoji|The build is 🟢 since the merge|The build is 🔴 since the merge
    emoji|👍 for the new parser|👎 for the new parser
    sign|gateway → billing|gateway ← billing
    """
)
CONTRADICTING = table(  # another value of the same, or its denial
    """
    en|The timeout is 30 seconds|The timeout is 60 seconds
    en|The gateway listens on port 8080|The gateway listens on port 9090
    en|We use tabs in the sources|We do not use tabs in the sources
    en|Enable the cache in production|Disable the cache in production
    en|FLUSH_MAX=30|FLUSH_MAX=60
    en|FLUSH_MAX = 30 in staging|FLUSH_MAX = 60 in staging
    en|Backups are kept for 30 days|Backups are kept for 14 days
    en|We use Node v18 for the build|We use Node v20 for the build
    en|The API must never return 500|The API must return 500
    ja|認証トークンの有効期限は三十分|認証トークンの有効期限は六十分
    ja|キャッシュにRedisを使う|キャッシュにRedisを使わない
    ja|サーバのポートは8080|サーバのポートは9090
    zh|我们使用SQLite存储数据|我们不使用SQLite存储数据
    zh|缓存的有效期是30分钟|缓存的有效期是60分钟
    ko|서버 포트는 8080|서버 포트는 9090
    ko|캐시에 Redis를 사용한다|캐시에 Redis를 사용하지 않는다
    th|เซิร์ฟเวอร์ใช้พอร์ต 8080|เซิร์ฟเวอร์ใช้พอร์ต 9090
    th|เราใช้ Redis สำหรับแคช|เราไม่ใช้ Redis สำหรับแคช
    ar|نستخدم SQLite لتخزين البيانات|لا نستخدم SQLite لتخزين البيانات
    ru|Мы используем Redis для кэша|Мы не используем Redis для кэша
    ru|Сервис слушает порт 8080|Сервис слушает порт 9090
    hi|हम कैश का उपयोग करते हैं|हम कैश का उपयोग नहीं करते हैं
    de|Der Dienst hört auf Port 8080|Der Dienst hört auf Port 9090
    es|Usamos Redis para la caché|No usamos Redis para la caché
    fr|Le délai est 30 secondes|Le délai est 60 secondes
    """
)
COMPATIBLE = table(  # much alike, and both may be true
    """
    en|Test 12 fails on Windows with a timeout|Test 13 fails on Windows with a timeout
    en|Worker 3 crashes when the queue is full|Worker 4 crashes when the queue is full
    en|We moved shard 7 to the new host|We moved shard 8 to the new host
    en|The billing gateway listens on port 8080|The search gateway listens on port 8080
    en|The billing gateway listens on port 8080|The search gateway listens on port 9090
    en|Issue #12 is a duplicate of the timeout bug|Issue #13 is a duplicate of the timeout bug
    en|On 2024-05-01 we deployed the gateway|On 2024-06-01 we deployed the gateway
    en|FLUSH_MAX = 30|RETRY_MAX = 30
    en|Is the timeout 30 seconds?|Is the timeout 60 seconds?
    en|See src/a.py for the reason|See src/b.py for the reason
    en|Run the tests after the merge|Run the merge after the tests
    en|The old API returns XML|The new API returns XML
    en|Sprint 12 ends on Friday with a demo|Sprint 13 ends on Friday with a demo
    en|Store the tokens in Redis|Delete the tokens in Redis
    ja|第3回の会議で決めた方針|第4回の会議で決めた方針
    zh|第3章讨论缓存|第4章讨论缓存
    ru|Тест 12 падает на сервере|Тест 13 падает на сервере
    en|Step 3 installs the parser|Step 4 installs the parser
    en|Do not commit on Friday|Do not deploy on Friday
    """
)
