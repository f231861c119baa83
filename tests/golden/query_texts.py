"""Queries of tests/golden/queries.json: folding, scripts, emoji, file names, words inside words."""

import unicodedata

TEXTS = [
    # Letters that do not decompose, in either form; the typed form comes first.
    *("tromso", "Tromsø", "TROMSØ", "tromsø harbour", "Tromso harbour", "tromso*", "title:tromsø"),
    *("resume", "résumé", "Résumé trip", "re\u0301sume\u0301", "елка", "ёлка", "Ёлка новогодняя"),
    *("lodz", "Łódź", "aebleskiver", "æbleskiver", "strassenbahn", "Straßenbahn", "gießen"),
    # Unicode forms.
    *("한글", unicodedata.normalize("NFD", "한글"), "사진", "한글 사진", "글", "한국", "name:한글"),
    # Scripts without spaces.
    *("ไทย", "ภาษา", "วัด", "ภาษาไทย", "พระแก้ว", "ลาว", "ລາວ", "ສະບາຍ", "ປະເທດ"),
    *("ស្ពាន", "ភ្នំពេញ", "ចាស់", "ရန်ကုန်", "မင်္ဂလာ", "ကုန်", "ไทย*", '"วัดพระ"'),
    *("हिन्दी", "हिन्", "नई", "तस्वीर"),
    # Emoji and symbols, with and without what follows them.
    *(
        "🐱",
        "❤️",
        "❤",
        "😀",
        "👋",
        "👋🏽",
        "👋🏿",
        "👩🏽\u200d🚀",
        "👩\u200d🚀",
        "🚀",
        "🇩🇪",
        "🇫🇷",
        "🐱❤",
    ),
    *(
        "€",
        "5 €",
        "20°",
        "🐱 car",
        "smile 😀",
        "I ❤ 🐱",
        "title:🐱",
        "-🐱 cat",
        '"🐱"',
        "🐱 OR car",
    ),
    # File names as people read them.
    *("DSC01236.bmp", "dsc01236", "DSC01236", "01236", "1236", "trip/IMG_0042.bmp", "IMG_0042.bmp"),
    *(
        "IMG_0042",
        "0042",
        "42",
        "name:DSC01236.bmp",
        "name:IMG_0042",
        "file:trip",
        "P1040519",
        "1040519",
    ),
    *(
        "picture-07.bmp",
        "picture-07",
        "trip",
        "2019/Screenshot",
        "filename:0042",
        "path:trip",
        "file:bmp",
    ),
    *(
        "Screenshot 3.15.07 PM",
        "Screenshot 3.15.07\u202fPM.bmp",
        "DSC09999.bmp",
        "IMG_00*",
        "name:nothing",
    ),
    # Words inside words.
    *("garten", "Garten", "kinder", "haus", "kindergarten", "schul", "schule", "straßen", "flower"),
    *(
        "light",
        "house",
        "garten kinder",
        "kinder -garten",
        "holiday",
        "photo",
        "MyHolidayPhoto",
        "bahn",
    ),
    *("garten car", "skive", "skiver", "where every"),
]
