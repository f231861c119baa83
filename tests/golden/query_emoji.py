"""Queries of tests/golden/queries.json: emoji by their names, and texts unknown to the golden model."""

EMOJI_NAMES = [
    # Nothing has these: they are searched by their names, in words and in meaning.
    *("🐶", "🐈", "🚗", "🌞", "🌳", "👩", "🎵", "🚲"),
    # With and without selectors, skin tones and joiners.
    *(
        "☀",
        "☀️",
        "☀\ufe0e",
        "👋🏽",
        "👋",
        "👩🏽\u200d🎤",
        "👩\u200d🎤",
        "👨\u200d👩\u200d👧\u200d👦",
    ),
    *(
        "👩🏻\u200d🤝\u200d👨🏿",
        "👩\u200d🔬\u200d🚗",
        "🇨🇭",
        "🇩🇪🇫🇷",
        "🇽🇽",
        "1️⃣",
        "🏽",
        "\u200d🐶\u200d",
    ),
    # In mixtures: with words, signs, weights, phrases, fields and expressions.
    *("red 🚗", "🚗red", "red🚗night", "🐶🐈", "2*🐶 + 🌳", "🐶 - 🐈", "🌞 -🌳", "- 🚗"),
    *(
        "emoji:🐶",
        'emoji:"🐶"',
        "-emoji:🐶 car",
        '"🐶"',
        '-"🐶" car',
        "title:🐶",
        "tag:🐶",
        "🐶 OR car",
    ),
    *("🐶 sort:taken", "car OR 🐶", "nothinglikethis 🐶", "the 🐶"),
]

UNKNOWN = [
    # Scripts that the golden model has no letters of: only the words arm is asked.
    *("привет", "привет мир", "Ελλάδα", "नमस्ते", "สวัสดี", "שלום", "안녕", "مرحبا"),
    # Signs without a name.
    *("★", "♩ ♪", "🜁", "→"),
    # Partly unknown: what is known is searched for.
    *("red привет", "привет car мир", "★ sun", "dog 안녕 cat", "привет 🐶"),
    # Signs and weights.
    *(
        "car - привет",
        "- привет",
        "привет - car",
        "2*привет + car",
        "car -★",
        "привет + мир",
        "- привет + car",
    ),
    # With pictures, conditions, expressions and orders, which do not depend on the text.
    *("image:one.jpg привет", "like:{id:3} - привет", "привет tag:winter", "tag:winter - привет"),
    *('"привет"', "привет OR car", "привет*", "привет sort:taken", "привет k:3", "unknown:привет"),
    # Nothing that could be a word.
    *("\u0301", "\u200d", "car - \u0301"),
]
