"""Everyday questions of twelve domains, with prose answers."""

from companion.organism.grammar import Example, Relation, Row, table

COUNTRIES = table(
    "country city continent language",
    """
    France|Paris|Europe|French; Spain|Madrid|Europe|Spanish; Italy|Rome|Europe|Italian; Germany|Berlin|Europe|German
    Poland|Warsaw|Europe|Polish; Greece|Athens|Europe|Greek; Norway|Oslo|Europe|Norwegian; Sweden|Stockholm|Europe|Swedish
    Finland|Helsinki|Europe|Finnish; Portugal|Lisbon|Europe|Portuguese; Japan|Tokyo|Asia|Japanese; Thailand|Bangkok|Asia|Thai
    Vietnam|Hanoi|Asia|Vietnamese; Turkey|Ankara|Asia|Turkish; Iran|Tehran|Asia|Persian; Egypt|Cairo|Africa|Arabic
    Kenya|Nairobi|Africa|Swahili; Senegal|Dakar|Africa|French; Brazil|Brasilia|South America|Portuguese
    Peru|Lima|South America|Spanish; Chile|Santiago|South America|Spanish; Canada|Ottawa|North America|English
    """,
)
DISHES = table(
    "dish first then minutes",
    """
    rice|simmer it in water|let it rest|15; pasta|boil it in salted water|add the sauce|10; soup|boil the vegetables|add salt|30
    bread|knead the dough|bake it until brown|40; pancakes|mix flour, milk and eggs|fry the batter|20
    tea|boil the water|let the leaves steep|5; coffee|grind the beans|pour hot water over them|4
    beans|soak them overnight|boil them slowly|60; potatoes|peel them|boil them in water|25; pizza|roll out the dough|bake it with cheese|18
    curry|fry the onions|add spices and cream|35; fish|heat the pan|fry it on both sides|12; porridge|warm the milk|stir in the oats|7
    dumplings|fill the dough|steam them gently|22; stew|brown the meat|cook it slowly in stock|90
    """,
)
ANIMALS = table(
    "animal home food kind",
    """
    lion|the savanna|meat|mammal; bear|the forest|fish and berries|mammal; shark|the sea|fish|fish; frog|a pond|insects|amphibian
    camel|the desert|dry grass|mammal; penguin|the cold south|fish|bird; horse|the fields|grass|mammal; bat|a cave|insects|mammal
    falcon|the cliffs|small animals|bird; whale|the sea|krill|mammal; snake|the desert|mice|reptile; monkey|the jungle|fruit|mammal
    parrot|the jungle|seeds|bird; goat|the mountains|grass|mammal; duck|a pond|plants|bird; turtle|the sea|plants|reptile
    fox|the forest|mice|mammal; salmon|the river|insects|fish; bee|a hive|nectar|insect; rabbit|the fields|leaves|mammal
    """,
)
TROUBLES = table(
    "trouble comfort",
    """
    my friend moved away|call your friend and talk for a while; I failed my exam|rest a little and make a new plan
    my dog is ill|take your dog to the vet and stay close; I lost my job|ask people you trust for help
    I cannot sleep|put the phone away and read a book; my boss shouted at me|talk to your boss when you are both calm
    nobody called me|reach out to someone you like; I broke a cup|it is only a cup, so be kind to yourself
    I miss my family|write them a long letter; I made a mistake|say sorry and try again
    """,
)
FEELINGS = ("sad", "lonely", "tired", "worried", "angry", "afraid", "nervous", "upset")
WISHES = table(
    "wish advice",
    """
    sleep better|go to bed at the same time every day; save money|write down what you spend each week
    learn to swim|take lessons and practise often; make friends|join a club and be curious about people
    be healthy|eat well and walk every day; read more|keep a book next to your bed; stay calm|breathe slowly and count to ten
    learn a language|practise a little every day; keep plants alive|give them light and not too much water
    wake up early|go to bed early and open the curtains; run faster|train three times a week and rest well
    plan a trip|make a list and book early; be on time|leave ten minutes early; help my neighbour|ask what they need and listen
    clean my room|start with one corner and go on; draw better|sketch something small each day
    """,
)
OPPOSITES = table(
    "word other",
    """
    hot|cold; big|small; fast|slow; up|down; light|dark; old|young; rich|poor; full|empty; early|late; near|far; hard|soft
    wet|dry; loud|quiet; open|closed; good|bad; strong|weak; high|low; clean|dirty; long|short
    """,
)
NAMES = tuple({"name": name} for name in "Anna Ben Clara David Emma Felix Grace Henry Ida Jack Kate Leo Mia Nora Oscar Rosa Sam Tina".split())
OPINIONS = table(
    "question opinion",
    """
    what would you do if you ruled the world|I would make sure everyone has food and peace
    what do you think about people|I think people are kind when they feel safe; what is your wish|I wish for a calm and friendly world
    what should I do when I am bored|go for a walk or call a friend; who do you admire|I admire teachers and nurses
    what makes a good life|good friends, health and useful work; how do I earn money quickly|sell things you do not need and offer help
    what do you think about the future|I hope it will be fair and green; how do I end a fight with my partner|listen first and say sorry
    what is your favourite season|I like spring because everything grows
    """,
)
SIGHTS = table(
    "sight line",
    """
    the sea|the sea is blue and wide; the moon|the moon shines over the quiet town; winter|winter covers the fields with snow
    my garden|the garden is full of red flowers; music|music makes the long day lighter; a river|the river runs slowly to the sea
    the night|the night is dark and full of stars; friendship|a good friend stays when it rains; the rain|the rain falls softly on the roof
    a train|the train rolls past the green hills; a cat|the cat sleeps on the warm chair; autumn|autumn paints the leaves in gold
    """,
)
TRADES = table(
    "trade work place",
    """
    baker|bakes bread|a bakery; nurse|cares for the sick|a hospital; farmer|grows food|a farm; teacher|teaches children|a school
    judge|decides what is fair|a court; pilot|flies planes|an airport; sailor|sails ships|a harbour; tailor|sews clothes|a workshop
    librarian|lends books|a library; gardener|cares for plants|a park; waiter|brings the meals|a restaurant; painter|paints pictures|a studio
    """,
)
WEEK = "Monday Tuesday Wednesday Thursday Friday Saturday Sunday".split()
YEAR = "January February March April May June July August September October November December".split()


def _followers(kind: str, names: list[str]) -> tuple[Row, ...]:
    return tuple({"kind": kind, "name": name, "next": names[(at + 1) % len(names)]} for at, name in enumerate(names))


def _sums() -> tuple[Row, ...]:
    return tuple({"a": str(a), "b": str(b), "sum": str(a + b)} for a in range(1, 8) for b in range(1, 8))


def relations() -> tuple[Relation, ...]:
    """All that can be asked; the domains in the order of the tables above."""
    moods = tuple(row | {"feeling": feeling} for row in TROUBLES for feeling in FEELINGS)
    opposites = OPPOSITES + tuple({"word": row["other"], "other": row["word"]} for row in OPPOSITES)
    calendar = _followers("day", WEEK) + _followers("month", YEAR)
    return (
        Relation(
            "geography",
            COUNTRIES,
            "what is the capital of {country}? | which city is the capital of {country}? | tell me the capital of {country}. | can you name the capital of {country}?",
            "the capital of {country} is {city}.",
        ),
        Relation(
            "geography",
            COUNTRIES,
            "on which continent is {country}? | where is {country}? | tell me which continent {country} is in.",
            "{country} is in {continent}.",
        ),
        Relation(
            "geography",
            COUNTRIES,
            "which language do people speak in {country}? | what do people speak in {country}?",
            "people in {country} speak {language}.",
        ),
        Relation(
            "cooking",
            DISHES,
            "how do I make {dish}? | how can I cook {dish}? | give me a recipe for {dish}. | can you tell me how to make {dish}? | I need a recipe for {dish}.",
            "to make {dish}, {first}, then {then}.",
        ),
        Relation(
            "cooking",
            DISHES,
            "how long does it take to make {dish}? | how many minutes do I need for {dish}?",
            "it takes {minutes} minutes to make {dish}.",
        ),
        Relation(
            "animals",
            ANIMALS,
            "where does a {animal} live? | tell me where a {animal} lives. | what is the home of a {animal}?",
            "a {animal} lives in {home}.",
        ),
        Relation(
            "animals",
            ANIMALS,
            "what does a {animal} eat? | tell me what a {animal} eats. | what is the food of a {animal}?",
            "a {animal} eats {food}.",
        ),
        Relation("animals", ANIMALS, "what kind of animal is a {animal}? | is a {animal} a bird or a mammal?", "a {animal} is a kind of {kind}."),
        Relation(
            "feelings",
            moods,
            "I feel {feeling} because {trouble}. | I am {feeling} because {trouble}. What should I do?",
            "I am sorry to hear that. My advice: {comfort}.",
        ),
        Relation(
            "advice",
            WISHES,
            "how can I {wish}? | give me advice on how to {wish}. | I want to {wish}. Can you help? | what is the best way to {wish}? | how do I {wish}?",
            "{advice}.",
        ),
        Relation("arithmetic", _sums(), "what is {a} plus {b}? | add {a} and {b}.", "{a} plus {b} is {sum}."),
        Relation(
            "opposites",
            opposites,
            "what is the opposite of {word}? | give me the opposite of {word}. | which word means the opposite of {word}?",
            "the opposite of {word} is {other}.",
        ),
        Relation(
            "greetings", NAMES, "hello, I am {name}. | my name is {name}. | good morning, this is {name}.", "hello {name}, it is nice to meet you."
        ),
        Relation("greetings", NAMES, "I am {name}. Goodbye. | {name} has to go now.", "goodbye {name}, see you soon."),
        Relation("opinions", OPINIONS, "{question}? | tell me, {question}? | I want to know, {question}? | honestly, {question}?", "{opinion}."),
        Relation(
            "writing",
            SIGHTS,
            "write a line about {sight}. | write one sentence about {sight}. | can you write something about {sight}? | I need a sentence about {sight}.",
            "{line}.",
        ),
        Relation("trades", TRADES, "what does a {trade} do? | tell me what a {trade} does. | what is the work of a {trade}?", "a {trade} {work}."),
        Relation("trades", TRADES, "where does a {trade} work? | in which place do I find a {trade}?", "a {trade} works in {place}."),
        Relation(
            "calendar",
            calendar,
            "which {kind} comes after {name}? | what is the {kind} after {name}? | tell me the {kind} that follows {name}.",
            "the {kind} after {name} is {next}.",
        ),
    )


def prose() -> list[Example]:
    return [example for relation in relations() for example in relation.examples()]
