"""The words of an imaginary collection, and misspellings of them, for corrections.json.

Each line of WORDS begins with how many captions have its first word. Each further word of the line has one
caption less, but at least 1.
"""

from __future__ import annotations

WORDS = """
420 man woman people girl boy person street white black red blue green
260 dog water tree beach house car snow grass mountain river city building sky
180 standing sitting holding walking wearing running playing riding looking eating
150 children child flower horse bridge boat train table food window garden field forest
120 yellow orange brown purple small large young little wooden colorful beautiful
100 dogs cat birds bird flowers trees bicycle church market kitchen road lake ocean park
90 cats cars horses people's elephants giraffe zebra sheep cow lion tiger bear monkey
80 jacket shirt umbrella camera glasses hat shoes dress helmet backpack skirt scarf
75 night sunset sunrise winter summer autumn spring morning evening light shadow cloud clouds
70 castle tower palace cathedral temple museum theatre restaurant hotel station airport
60 football basketball tennis soccer skateboard surfer surfing skiing swimming climbing
55 photograph photographer picture painting portrait landscape sculpture statue poster
50 apple banana strawberry chocolate coffee bread cheese chicken sandwich vegetable vegetables fruit
46 motorcycle truck airplane helicopter ship sailboat tractor ambulance
42 crowd soldier musician guitar piano violin orchestra concert festival parade
40 desert island waterfall valley glacier volcano canyon cliff meadow harbor lighthouse
38 butterfly squirrel rabbit penguin dolphin whale octopus crocodile kangaroo
36 school library hospital factory office laboratory bakery pharmacy cemetery
34 wedding birthday christmas balloon candle fireworks
33 elephant triangle rectangle circle square pattern texture stripes
30 mirror carpet furniture chair sofa bedroom bathroom ceiling staircase balcony
28 telephone computer keyboard calendar newspaper magazine envelope
26 scissors knife knives bottle bowl plate spoon refrigerator
25 necklace bracelet earring diamond jewelry
24 definitely separate ancient modern historic traditional industrial abandoned
22 restaurants churches cities butterflies photographs bicycles
20 cyclist pedestrian tourist passenger fisherman farmer doctor teacher scientist
18 pumpkin tomato potato broccoli cucumber mushroom pineapple raspberry
17 rainbow lightning thunder hurricane blizzard fog mist
16 archaeologist architecture skyscraper neighborhood boulevard avenue
15 sunflower orchid tulip daffodil dandelion chrysanthemum
14 rhinoceros hippopotamus chimpanzee gorilla leopard cheetah
13 balcony's acropolis pyramid pharaoh sphinx mosque synagogue
12 ballet acrobat orchestra's gymnast trampoline
11 quay quilt queen quartz aquarium
10 psychologist rhythm pneumatic gnome wreath wrist knight
9 vacuum weird yacht zeppelin xylophone
8 champagne croissant spaghetti yoghurt lasagna
7 gauge buoy choir colonel queue lieutenant
6 münchen zürich café straße mädchen fräulein köln château françois jalapeño piñata señor
5 москва собака кошка ёлка девочка мальчик дерево улица
5 αθήνα θάλασσα σκύλος γάτα λουλούδι
4 elegant restaurateur horde mountaineer bottled carrot market's hose
3 cattle jackal zephyr shire shin beach's bride brook crow crown tire
2 picker trial angle strain flour wand bat bread's lather leather feather
1 gravel grovel kite cite marble marvel stable staple pallet ballet's morning's photon
"""

# Where people go wrong: the typed form, the word that was meant.
MISSPELLED = {
    "by sound": """
        elefant elephant|fotograf photograph|fotografer photographer|bycicle bicycle|giraf giraffe
        skool school|kamera camera|musishan musician|teater theatre|seperate separate
        definately definitely|sissors scissors|nife knife|naife knife|kwilt quilt|kween queen
        akwarium aquarium|rinoceros rhinoceros|krokodile crocodile|dolfin dolphin|farmacy pharmacy
        sinagogue synagogue|ritm rhythm|nome gnome|reath wreath|nite night|lite light|kristmas christmas
        shampane champagne|jewelery jewelry|sirkle circle|butterflie butterfly|telefone telephone
        laboratry laboratory|vegtable vegetable|choclate chocolate|coffe coffee|cofee coffee
        kitchin kitchen|sandwitch sandwich|piramid pyramid|faraoh pharaoh|kwartz quartz
        enveloppe envelope|resterant restaurant|cieling ceiling|wierd weird|kastle castle|orkid orchid
        skulpture sculpture|yot yacht|kue queue|gage gauge|zylophone xylophone|sykologist psychologist
    """,
    "dropped letter": """
        mountan mountain|brige bridge|yelow yellow|umbrela umbrella|baloon balloon|squirel squirrel
        hospitl hospital|strawbery strawberry|motorcyle motorcycle|skatebord skateboard
        restarant restaurant|helicoptr helicopter|watefall waterfall|lepard leopard|penguin's penguin
        sunflwer sunflower|triagle triangle|newspapr newspaper|lephant elephant|icycle bicycle
        flwers flowers|vulcano volcano
    """,
    "doubled letter": """
        carrpet carpet|bannana banana|tommato tomato|winndow window|rabbbit rabbit|pianno piano
        necklacce necklace|bridgge bridge|horsse horse|parrade parade|calender calendar
        sailbboat sailboat|cameera camera
    """,
    "swapped letters": """
        trianlge triangle|hosre horse|bicylce bicycle|cahtedral cathedral|fileds field|gadren garden
        montuain mountain|yaht yacht|ocaen ocean|wniter winter|tempel temple|castel castle|fruti fruit
        guitra guitar|muesum museum|brithday birthday|zerba zebra
    """,
    "next key": """
        mountaim mountain|elepjant elephant|bridhe bridge|flowrr flower|strret street|umbrelka umbrella
        gorest forest|casrle castle|hprse horse|jackey jacket|sjirt shirt|winfow window|sumset sunset
        bicyvle bicycle|helmrt helmet|zebta zebra|churvh church|lakw lake|snpw snow
    """,
    "German": """
        elefanten elephant|fotografie photograph|kathedrale cathedral|muenchen münchen|strase straße
        maedchen mädchen|giraffen giraffe|leopart leopard|schokolade chocolate|gitarre guitar
        kaffee coffee|banane banana|tomate tomato|orkester orchestra|piramide pyramid|vulkan volcano
        krokodil crocodile|rhinozeros rhinoceros|fraeulein fräulein|koeln köln|zuerich zürich
        telefon telephone|teather theatre|doktor doctor|konzert concert|tiher tiger
    """,
    "French": """
        girafe giraffe|elephante elephant|musee museum|montagne mountain|chocolat chocolate
        orchestre orchestra|restorant restaurant|portrai portrait|bicyclette bicycle
        cathedrale cathedral|temble temple|violon violin|chateu château|guitare guitar|tigre tiger
        tomatte tomato|dauphin dolphin|pingouin penguin|trianglle triangle|cercle circle
    """,
    "Spanish": """
        elefante elephant|fotografo photographer|jirafa giraffe|cebra zebra|delfin dolphin
        estacion station|espagueti spaghetti|musica musician|guitarra guitar|escultura sculpture
        telefono telephone|restaurante restaurant|pinguino penguin|volcan volcano|tomates tomato
        bolcano volcano|orquesta orchestra|triangulo triangle|festibal festival|senior señor
        chocolote chocolate|rinoceronte rhinoceros
    """,
    "Russian and Greek": """
        сабака собака|собакка собака|масква москва|девачка девочка|мальчек мальчик|улеца улица
        дериво дерево|кощка кошка|θαλασα θάλασσα|σκιλος σκύλος|αθινα αθήνα|λουλουδη λουλούδι
    """,
    "several errors": """
        archeoligist archaeologist|architechture architecture|refridgerator refrigerator
        hipopotamus hippopotamus|chrisanthemum chrysanthemum|skyscrapper skyscraper
        neigborhood neighborhood|boulvard boulevard|lutenant lieutenant|leftenant lieutenant
        cornel colonel|chimpansee chimpanzee|tradicional traditional|abandonned abandoned
        hurrycane hurricane|pedestrain pedestrian|cemetary cemetery|rasberry raspberry|brocolli broccoli
        spagetti spaghetti|vaccum vacuum|mushrom mushroom|butterflys butterfly|churchs church
        citys cities|sheeps sheep
    """,
}

UNRELATED = """
    xyzzy qwerty accordion unicorn tx ab zzz aaaaaaaaaaaa http 東京 привет lorem ipsum tyrannosaurus
    kubernetes
"""

CAPTIONS = [
    *["an elephant in the grass"] * 7,
    *["two elephants at the river"] * 5,
    *["an elegant dress"] * 4,
    *["a yellow triangle"] * 3,
    *["a red triangle", "a brown bear", "a dressed bear"],
    *[
        "a house by the sea",
        "the mouse eats bread",
        "the mouse eats cheese",
        "a beard",
        "Ёлка и собака",
    ],
]
"""A small collection, for whole queries."""

QUERIES = """
    elefant|elefants|elegant|an elefant|elefant elegnt|yelow trianlge|red trianlge|red elefant|triangel -yelow
    tag:x 2*yelow - "elefant"|elefant OR yelow|hous|mous eets|mouse bred|елка сабака|xyzzy|xyzzy elefant
    ELEFANT!|elephant|riverr rivr|bred bred|2019 b2b|yello elephants dres beer hose tree|the of
"""

SITE_QUERIES = """
    lighthuose|old lighthous|montain|bech|wintre OR sea|wintre OR xyzzy|wintre place:zürich
    wintre place:nowhere|zuerich|muller ludenscheidt|catz on a leesh|runing dogz|"old lighthuose"
    wintre -cat|nikkon camara|tree|xyzzy
"""


def words() -> list[tuple[str, int]]:
    """The words with their frequencies, most frequent first, ties in code-point order."""
    found: dict[str, int] = {}
    for line in WORDS.split("\n"):
        count, *line_words = line.split() or [""]
        for at, word in enumerate(line_words):
            assert word not in found, word
            found[word] = max(int(count) - at, 1)
    return sorted(found.items(), key=lambda item: (-item[1], item[0]))


def misspelled() -> list[tuple[str, str, str]]:
    """Each misspelling with the word that was meant and where it comes from."""
    return [
        (pair.split()[0], pair.split()[1], origin)
        for origin, pairs in MISSPELLED.items()
        for line in pairs.split("\n")
        for pair in line.split("|")
        if pair.strip()
    ]


def unrelated() -> list[str]:
    """Words that are similar to none."""
    return UNRELATED.split()


def queries() -> list[str]:
    """Queries over CAPTIONS, with and without misspelled words."""
    return [
        text.strip() for line in QUERIES.split("\n") for text in line.split("|") if text.strip()
    ]


def site_queries() -> list[str]:
    """Queries over tests/golden/site-queries, with and without misspelled words."""
    return [
        text.strip()
        for line in SITE_QUERIES.split("\n")
        for text in line.split("|")
        if text.strip()
    ]
