"""Words that introduce people's names in six languages, and words that are none; data."""

from __future__ import annotations


def words_of(text: str) -> frozenset[str]:
    return frozenset(text.split())


SURE = (
    r"my (?:full |real |first |last )?name(?:[’']s| is|:)|(?:his|her|their|whose|[a-z]+[’']s) name"
    r"(?: is|[’']s| was|:)|i[’']?m called|i am called|they call me|please call me|you can call me"
    r"|mein name ist|ich heiße|ich heisse|(?:er|sie) hei(?:ß|ss)t|(?:sein|ihr) name ist"
    r"|je m[’']appelle|mon nom est|mon prénom est|(?:il|elle) s[’']appelle|son nom est"
    r"|me llamo|mi nombre es|(?:él |ella )?se llama|su nombre es"
    r"|me chamo|(?:o )?meu nome é|(?:ele |ela )?se chama|(?:o )?nome d[eoa]l?[ea]? é"
    r"|mera naam|mera nam|m(?:y|e) naam"
)
_KIN = (
    "husband|wife|partner|boyfriend|girlfriend|bf|gf|fiancée?|spouse|ex|ex-husband|ex-wife|mother"
    "|mom|mum|mommy|father|dad|daddy|stepmother|stepfather|stepmom|stepdad|son|daughter|stepson"
    "|stepdaughter|brother|sister|sibling|twin|uncle|aunt|cousin|nephew|niece|grandmother"
    "|grandfather|grandma|grandpa|friend|best friend|boss|manager|supervisor|coworker|co-worker"
    "|colleague|teacher|professor|doctor|therapist|counsell?or|psychiatrist|psychologist|neighbou?r"
    "|roommate|flatmate|landlord|pastor|coach|baby|child|kid|crush|lover|mate|classmate"
)
_VERWANDT = (
    "mann|frau|freund|freundin|partnerin|verlobter?|mutter|mama|vater|papa|sohn|tochter|bruder"
    "|schwester|onkel|tante|cousine?|oma|opa|chefin|chef|kollegin|kollege|lehrerin|lehrer|ärztin"
    "|arzt|therapeutin|therapeut|nachbarin|nachbar|exfreund|exfreundin|ex-mann|ex-frau"
)
_PROCHES = (
    "mari|femme|copain|copine|compagnon|compagne|conjoint|conjointe|fiancée?|mère|maman|père|papa"
    "|fils|fille|frère|soeur|sœur|oncle|tante|cousine?|grand-mère|grand-père|amie?"
    "|meilleure? amie?|patronne?|chef|collègue|prof|médecin|psy|thérapeute|voisine?|ex"
)
_FAMILIA = (
    "esposo|esposa|marido|mujer|novio|novia|pareja|madre|mamá|padre|papá|hijo|hija|hermano|hermana"
    "|tío|tía|primo|prima|abuelo|abuela|amigo|amiga|mejor amig[oa]|jefe|jefa|compañer[oa]"
    "|profesora?|doctora?|terapeuta|vecin[oa]|namorado|namorada|noivo|noiva"
    "|mulher|mãe|pai|filho|filha|irmão|irmã|tio|tia|avó|avô|melhor amig[oa]|chefe|colega|médic[oa]"
    "|psicólog[oa]|vizinh[oa]|ex"
)
_NAMED = r"(?:,|\s?\(|\s(?:named|called|is called|namens|nommée?|appelée?|llamad[oa]|chamad[oa]))?"
RELATION = (
    rf"(?i:(?:\b(?:my|his|her|our|their)|[\w\]]['’]s)\s(?:\w+\s)?(?:{_KIN}){_NAMED}\s?"
    r"|\b(?:mein|meine[rmn]?|sein|seine[rmn]?|ihre?[rmn]?|unsere?[rmn]?)\s"
    rf"(?:{_VERWANDT}){_NAMED}\s?"
    rf"|\b(?:mon|ma|mes|son|sa|notre)\s(?:{_PROCHES}){_NAMED}\s?"
    r"|\b(?:mi|mis|su|nuestr[oa]|meu|minha|seu|sua|nosso|nossa)\s"
    rf"(?:{_FAMILIA}){_NAMED}\s?)"
)
TITLES = (
    r"(?:Dr|Mr|Mrs|Ms|Mx|Prof|Rev|Sr|Sra|Srta|Dra|Mme|Mlle|Hr|Fr|Smt)\.?|Miss|Sir|Doctor|Professor"
    r"|Pastor|Herrn?|Frau|Monsieur|Madame|Mademoiselle|Señora?|Señorita|Doña|Senhora?|Dona|Doutora?"
    r"|Shri|M\."
)
GREETING = (
    r"dear|hi|hello|hey|hola|querid[oa]|estimad[oa]|bonjour|salut|chère?|liebe[rs]?|hallo"
    r"|guten tag|moin|servus|olá|oi|car[oa]|prezad[oa]|namaste|thank you|thanks|gracias|merci"
    r"|danke|obrigad[oa]"
)
CLOSING = (
    r"thanks(?: again)?|thank you|(?:best|kind|warm)?\s?(?:regards|wishes)|all the best|best|love"
    r"|sincerely|yours(?: truly| sincerely)?|cheers|warmly|take care|hugs|respectfully|namaste"
    r"|gracias|(?:un )?(?:saludos?|abrazo)|atentamente|merci|cordialement|bien à (?:vous|toi)"
    r"|bisous|amicalement|danke|(?:liebe|viele|herzliche|beste) grü(?:ß|ss)e|lg|mfg|vg|gruß"
    r"|obrigad[oa]|abraços?|beijos?|atenciosamente|धन्यवाद|शुक्रिया"
)
HINDI_TITLES = r"श्रीमती|श्री|सुश्री|डॉक्टर|डॉ\.?|कुमारी"

# What may stand there and names nobody: compared without case.
NOBODY = words_of(
    "i i'm i’m im not no it its it's a an the and or but so is was are am he she they we you "
    "who what when where why how that this these those there here my his her our their just "
    "very really too also only now then still never always been being have has had do does "
    "did would can could should might must of in on at to from for with by as if because "
    "since important mud ok okay all everyone everybody anyone someone somebody nobody guys "
    "folks team again sir madam god lord jesus christ allah buddha ai mom mum dad mother "
    "father sad depressed lost tired alone afraid anxious worried scared happy angry fine "
    "sick married divorced single pregnant broken done stuck hurt confused ashamed christian "
    "catholic muslim jewish hindu sikh buddhist atheist american british english irish "
    "scottish welsh french german spanish portuguese brazilian mexican indian pakistani "
    "chinese japanese korean african asian european latina latino hispanic black white "
    "canadian australian italian polish russian turkish dutch swedish greek arab autistic "
    "bipolar adhd ptsd ocd bpd lgbt gay lesbian trans bisexual monday tuesday wednesday "
    "thursday friday saturday sunday january february march april june july august september "
    "october november december christmas easter thanks thank please help sorry yes hello hi "
    "hey dear love best regards sincerely yours cheers ich er sie es wir ihr nicht und oder "
    "aber der die das ein eine ist war hat so sehr nur auch angst arbeit leben zeit geld "
    "hilfe danke gruß grüße meinung ansicht ende zuhause schuld herr frau dr mr mrs ms je tu "
    "il elle nous vous ils ne pas et ou mais le la les un une est était très trop aussi yo él "
    "ella no y o pero el los las una es era muy también que eu ele ela não e mas os as uma é "
    "muito também você gracias merci obrigado obrigada saludos है था थी हैं का की के में से "
    "को और या नहीं मैं वह हम मेरा मेरी मेरे जी हाँ हां क्या बहुत माँ मां पिता पापा मम्मी भाई "
    "बहन पति पत्नी डॉक्टर अच्छा ठीक"
)
# Words as well as names: found again only where they do not begin a sentence.
WORDS_TOO = words_of(
    "will hope grace mark may joy faith art bill grant frank rose dawn summer autumn sky max "
    "ray pat drew chase hunter mason sunny angel star rich guy jean"
)
# After these at the beginning of a sentence they are words: "Will it ...", "May I ...".
GO_ON = (
    "i|you|he|she|it|we|they|this|that|these|those|the|a|an|my|your|his|her|our|their|there|not|for"
    "|to|of|anyone|anybody|someone|somebody|people|things|any|is|was|has|all|each"
)
