"""Memories in thirty languages and scripts, for tests of search."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, ...]] = {
    "english": (
        "The Postgres failover takes ninety seconds on staging",
        "Never restart the billing worker during settlement",
        "Screenshots live in the artifacts bucket",
    ),
    "german": (
        "Die Datenbankverbindung bricht nach dreißig Sekunden ab",
        "Rechnungsnummern dürfen keine Lücken haben",
        "Größenänderungen brauchen einen Neustart des Übertragungsdienstes",
    ),
    "french": (
        "Le déploiement échoue quand le cache est périmé",
        "L’étiquette générée n’est pas modifiée après l’envoi",
    ),
    "spanish": (
        "La contraseña caduca cada noventa días según la política",
        "El año fiscal empieza en abril",
    ),
    "turkish": (
        "İstanbul sunucusu gecikmeyi ölçüyor",
        "Iğdır şubesinin kayıtları düzeltildi",
    ),
    "polish": (
        "Połączenie z bazą wygasa po trzydziestu sekundach",
        "Żółta łódź jest nazwą gałęzi",
    ),
    "czech": (
        "Příliš dlouhé dotazy ukončuje plánovač",
        "Účtování běží každou neděli",
    ),
    "vietnamese": (
        "Máy chủ dự phòng đặt ở Đà Nẵng",
        "Không được xóa bảng giao dịch",
    ),
    "greek": (
        "Η βάση δεδομένων κλείνει τις συνδέσεις μετά από λίγο",
        "Οι κωδικοί αλλάζουν κάθε μήνα",
    ),
    "russian": (
        "База данных закрывает соединения через тридцать секунд",
        "Нельзя перезапускать обработчик платежей ночью",
        "Ёмкость очереди увеличена",
    ),
    "ukrainian": (
        "Сервер резервного копіювання перенесено до Києва",
        "Її ключі оновлюються щомісяця",
    ),
    "arabic": (
        "قاعدة البيانات تغلق الاتصالات بعد ثلاثين ثانية",
        "لا تُعِد تشغيل الخادم أثناء التسوية",
        "مكتبة التشفير قديمة",
    ),
    "hebrew": (
        "מסד הנתונים סוגר חיבורים אחרי שלושים שניות",
        "אין לאתחל את השרת בלילה",
    ),
    "persian": (
        "پایگاه داده اتصال‌ها را پس از سی ثانیه می‌بندد",
        "کلیدها هر ماه عوض می‌شوند",
    ),
    "hindi": (
        "डेटाबेस तीस सेकंड बाद कनेक्शन बंद करता है",
        "रात में सर्वर को पुनः आरंभ न करें",
    ),
    "bengali": ("ডাটাবেস ত্রিশ সেকেন্ড পরে সংযোগ বন্ধ করে",),
    "tamil": ("தரவுத்தளம் முப்பது விநாடிகளில் இணைப்பை மூடுகிறது",),
    "georgian": ("მონაცემთა ბაზა ხურავს კავშირებს ოცდაათ წამში",),
    "armenian": ("Տվյալների բազան փակում է կապերը երեսուն վայրկյանից",),
    "thai": (
        "ฐานข้อมูลปิดการเชื่อมต่อหลังจากสามสิบวินาที",
        "ห้ามรีสตาร์ทเซิร์ฟเวอร์ชำระเงินตอนกลางคืน",
        "ภาษีมูลค่าเพิ่มคำนวณจากราคาสุทธิ",
    ),
    "lao": ("ຖານຂໍ້ມູນປິດການເຊື່ອມຕໍ່ຫຼັງຈາກສາມສິບວິນາທີ",),
    "khmer": ("មូលដ្ឋានទិន្នន័យបិទការតភ្ជាប់បន្ទាប់ពីសាមសិបវិនាទី",),
    "burmese": ("ဒေတာဘေ့စ်သည် စက္ကန့်သုံးဆယ်အကြာတွင် ချိတ်ဆက်မှုကို ပိတ်သည်",),
    "japanese": (
        "本番のデータベースは三十秒で接続を切断する",
        "夜間に決済サーバーを再起動してはいけない",
        "ログの保存期間は九十日、その後は削除",
        "ｻｰﾊﾞｰの証明書は毎月更新",
        "useCartStoreフックは東京リージョンで失敗する",
    ),
    "chinese": (
        "数据库会在三十秒后关闭连接",
        "夜间不要重启支付服务",
        "日志保留九十天，然后删除",
        "緩存失效會導致部署失敗",
    ),
    "korean": (
        "데이터베이스는 삼십 초 뒤에 연결을 끊는다",
        "밤에는 결제 서버를 재시작하지 말 것",
        "로그는 구십일 동안 보관한다",
    ),
    "emoji": (
        "deploy 🚀 only on green ✅ builds",
        "👩‍💻 pairing happens on Tuesdays 🎉",
    ),
    "mixed": (
        "Redisのkeyは`user:42:cart`で、TTLは３０分",
        "PR #191 修复了 KX-42 的内存泄漏",
        "ตั้งค่า max_connections=200 ใน postgresql.conf",
    ),
}
UNSPACED = ("thai", "lao", "khmer", "burmese", "japanese", "chinese", "korean")
INDIC = ("hindi", "bengali", "tamil")
