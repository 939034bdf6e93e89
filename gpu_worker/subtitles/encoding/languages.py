"""The languages of old subtitle files: their encodings, letters by frequency, and commonest words."""

from __future__ import annotations

from dataclasses import dataclass

WESTERN = ("cp1252", "mac_roman", "iso8859_15", "cp850")
_CENTRAL = ("cp1250", "iso8859_2", "cp852")
_CYRILLIC = ("cp1251", "koi8_u", "cp866")


@dataclass(frozen=True, slots=True)
class Language:
    """`letters` by descending frequency in ordinary text; `words` make up a third of it."""

    encodings: tuple[str, ...]
    letters: str
    words: str


LANGUAGES = (
    Language(
        WESTERN,
        "etaoinsrhldcumfgywpbvkjxqzéïçêèñöü",
        "the to and of a in i is for that you it on with was we what my café naïve",
    ),
    Language(
        WESTERN,
        "esantirulodcpmévqfgbhjàxèyêçzkôwùîâûœïëæ",
        "de la le et l à les est en des d un que a pas une du il dans je qui c ce ça où très c'est était être même",
    ),
    Language(
        WESTERN,
        "enirsatdhulcmgobwfkzvpüäjößyxq",
        "die der und in das ich ist nicht zu den von mit es ein auf für im sie eine über können wäre müssen möchte",
    ),
    Language(
        WESTERN,
        "eaosnrildtucmpbqgyvhfóíjázéñxúkwü",
        "de la que el en y a los no un se por es del con qué está sí más también él aquí así estás cómo mañana señor",
    ),
    Language(
        WESTERN,
        "aeosridnmtucplvqgfbhãéçázjíxêóúõàykwâôºª",
        "de a o que e do em da é para não um uma com no se você está são também já só até então à às lá mãe três",
    ),
    Language(
        WESTERN,
        "eiaontlrscdupmgvhfbzqèàùòkyéìwxj",
        "di e che il la a in non un per è del i una le si con più già può perché così c'è cos'è dov'è com'è sì né",
    ),
    Language(
        WESTERN,
        "aetrnisldomgkävhåfupöbcjyxwzéq",
        "det att och i jag på en inte som för med har av om du är så till den från här där när måste går får vår",
    ),
    Language(
        WESTERN,
        "erntdaislogkmvfhubpåjæøycwxézq",
        "i og er det af at en til på jeg har for ikke med den så også når være får må går nå år før",
    ),
    Language(
        WESTERN,
        "aitnesoläkumvjhrypdögbfcwxzå",
        "ja on ei että se oli mutta kun niin hän minä sinä mitä tämä siitä vielä kyllä jää äiti isä hyvä en et",
    ),
    Language(
        WESTERN,
        "arniestlgumðfkovhíádþjybóæöpúéýcwxzq",
        "og á að er sem til en við af hann um ekki var fyrir með ég þú það þetta hvað þá já því",
    ),
    Language(WESTERN, "enaitordslghvmkjuwbpzcfyxéëïqèó", "de van het een en in is op ik dat je niet één hè zoals zoë"),
    Language(
        WESTERN,
        "easlrintoducmpvbqgfhéóxàjíèyòçúzkwïüñ",
        "de la a i que el l en d per un és amb no va més però això què també només perquè bé",
    ),
    Language(
        ("cp1254", "cp857"),
        "aeinrlkdımtsyuboüzşgvhçcğpöfjwâxî",
        "ve bir bu için de da çok ile ne daha en gibi her kadar o ben var ama iyi yok değil mi mı şey hayır şimdi",
    ),
    Language(
        _CENTRAL,
        "eatnslikmozrgéyádvbhjpuöcfóőüíúűwxq",
        "a az és nem hogy egy is de meg csak ha van volt ez már én még kell jó ki azt most mint mi ő idő ról ről",
    ),
    Language(
        _CENTRAL,
        "aieozntswrcydkmjplubłęgżhąóśćfńźvx",
        "w i nie na się to z do jest że o jak a ale co tak za od po dla czy są już cię mnie ją proszę być też",
    ),
    Language(
        _CENTRAL,
        "eoantsilvdkmrpuíjcáhzyběžřéčšýůfgúxňwďťó",
        "a se v na je to že s z si do jsem ale o i tak jak co už když mě jsi já proč není tě šel být",
    ),
    Language(
        _CENTRAL,
        "oaenistrvklmdpujcházbyžčýíšéúťľfôgďňóäxwĺŕq",
        "a v sa na je to že s z ako si do som ale po za tak čo už sme keď nie ťa môj prečo ešte viem",
    ),
    Language(
        _CENTRAL,
        "eairntuclosdpmăfvşîţbgzâhjxykwq",
        "de în şi a la să din o pe cu nu mai un este că care pentru ce am nu-i eşti dacă târziu mâine când bună unde",
    ),
    Language(
        _CENTRAL,
        "eaoinrsjtlvkdpmzubčghšcžfywx",
        "je in v na se da so za ki pa z tudi s ne kot po še bi to že če kaj sem boš več žena",
    ),
    Language(
        _CENTRAL,
        "aoienjsrutdkvmlpzgbšcčhžćfđywx",
        "je i u da se na od za su a ne sam što to si li će ću ćeš kako bi još dođi već nešto može žena",
    ),
    Language(
        ("cp1257",),
        "iasoteruknmlpdvjgbėyųšžąįūcčzfęhxw",
        "ir kad į su iš yra tai kaip ar buvo bet nuo ne man aš čia už jau po jį ką tą tave labai",
    ),
    Language(
        ("cp1257",),
        "aisterunkāmvlodpjīzbēgcšūņļfžķģhčwyx",
        "un ir ar par ka no kā uz es tā nav to tas man ja bija ko pēc vai kāpēc tev mēs šo tu jau",
    ),
    Language(
        ("cp1252", "cp1257"),
        "aeistlunkdmrovgjhäpõbüföšžcwyxzq",
        "ja on ei see ma et oli mis ta kas sa siis nii kui või mida õige kõik küll väga pole sõber",
    ),
    # Windows-1258 writes five of the vowels' marks as characters of their own.
    Language(
        ("cp1258",),
        "n\u0301hat\u0323\u0300iocgumđvlrêâơôưybpàsá\u0309kădeóxqíú\u0303éùèwfjz",
        "là và có của được một các không trong cho người này với ở đã tôi anh em chúng thể đi mình đến",
    ),
    Language(
        ("cp1253", "iso8859_7"),
        "ατοσιενρπκημυλίάόέγδωήχθύφώβξζςψϊΐϋΰ",
        "και το να του η με την για ο που τα από σε δεν θα τον είναι μου τι ένα πού σου μας",
    ),
    Language(("cp1255",), "יוהלאתרבשמעםנדכחקפןסגזצטךףץ", "את של לא על זה הוא אני כל עם מה גם לי אם היה יש אבל איפה"),
    Language(
        ("cp1256",), "اليمنورتعبدةفهكسأقحجىصشذطخإضثزغءئظآؤ", "في من على أن لا إلى و ما عن هذا مع يا هل أنا أنت كيف لك"
    ),
    Language(
        ("cp1256",), "ايرندهومبتسكشلزفخگعقجحپآچطصضغظذثئژ", "و به در از كه اين با را است من تو براي هم تا يك آن مي"
    ),
    Language(
        _CYRILLIC,
        "оеаитнсврлкдмпуяыьгбзчйжхшюцэщфёъ",
        "в и на не с что я по а как из это за для о но то у его он от так же мы ты где мой",
    ),
    Language(
        _CYRILLIC,
        "оаніивтерскудлмпзябьгйчцхжїюшщєфґ",
        "в на і не у з що та до це за а я як про для він його все й є ви ти де мій",
    ),
    Language(
        ("cp1251", "cp866"),
        "аоеитнсврдклмпзяъгбчущжйцхшфюьѝ",
        "на и в да е от за се с не си че по ще са това ми но до как ти къде",
    ),
    Language(
        ("cp1251",),
        "аоиенјсрутдквмлпзгбшцчхжћфђњљџ",
        "је и у да се на од за су а не сам што то си како ми где шта ће ћу",
    ),
    Language(
        ("cp1251",),
        "аоеинтсдрвкмлпугјзбшчцжќфњѓхџљѕ",
        "на и во да се од за е со не го ќе што дека ги како ја си ми ти",
    ),
    Language(("cp874",), "านรอกเงมยลวดตทสปคใบจหพ่้ะัิีุูเแโไำ์ข็ชผถซศธณญภฟฉษฐึืฯๆฮฝฎฏฆฑฌฒฬฤ", ""),
)

CHINESE = (
    "的是一在不人有了我国國这這为為中个個大会會们們他它她来來和年上以要到时時对對么麼能你就发發可地生家出也说說于於学學"
    "后後成与與过過行用日多自现現都没沒作下得开開经經还還法动動好方而公子事分之民主里裡政看吗嗎本月所天新业業同全定部最"
    "其进進如前机機美那当當工关關实實小被但因长長样樣理等什道去些面很心间間走快早晚爱愛该該知"
)
"""Characters that make up half of ordinary text, in both scripts."""

KANJI = "日一大人見出本分時中事言思年行間気生自上方会子今前者入月手国作合来何女全最無場動用目後発学話私兄電雨愛分名当知"

HANGUL = (
    "이다는에하고가을지의로서은아한어도기사니있를나해리시그요인들자일게대라으스수만보제면정주전부여거과장했상안마구데오야내원"
    "우신적것성국되세위와무할동생소트드모미진문중말공까러비습간없분조저입개터유계월같경년때연실바음용더명학네영당작좋방려않"
)
