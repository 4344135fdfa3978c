"""The words of a made-up community of people who mend, grow and build things."""

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = (
    *("Ada", "Amir", "Anna", "Bashir", "Bea", "Carla", "Chidi", "Chloé", "Dana", "Deepa"),
    *("Dmitri", "Edda", "Elif", "Emil", "Esther", "Farid", "Finn", "Gita", "Greta", "Hana"),
    *("Hugo", "Ida", "Imran", "Inês", "Ivo", "Jana", "Jonas", "José", "Kaito", "Karin"),
    *("Kwame", "Lena", "Luca", "Łukasz", "Maren", "Mateo", "Mei", "Mila", "Nadia", "Nils"),
    *("Noor", "Olga", "Omar", "Paula", "Pavel", "Priya", "Quentin", "Rafael", "Rosa", "Ruth"),
    *("Sami", "Sofia", "Søren", "Tariq", "Tessa", "Uma", "Viktor", "Wanda", "Yusuf", "Zoë"),
)
LAST_NAMES: Final = (
    *("Abara", "Adler", "Bauer", "Bianchi", "Brandt", "Castillo", "Chen", "Costa", "Dahl"),
    *("Diaz", "Eriksen", "Fischer", "Fontaine", "Garza", "Haddad", "Hansen", "Ibarra", "Ito"),
    *("Jansen", "Kaya", "Keller", "Kowalski", "Lang", "Larsen", "Lindqvist", "Marin", "Mbeki"),
    *("Meyer", "Moreau", "Nagy", "Novak", "Okafor", "Olsen", "Petrov", "Quinn", "Rossi"),
    *("Sato", "Schmid", "Silva", "Tanaka", "Torres", "Ueda", "Varga", "Weber", "Wong"),
    *("Yilmaz", "Zhang", "Zeman"),
)
THINGS: Final = (
    "bicycle chain",
    "cast-iron pan",
    "compost heap",
    "dripping tap",
    "coffee grinder",
    "fountain pen",
    "garden hose",
    "gas hob",
    "kitchen scale",
    "knitting machine",
    "lemon tree",
    "rain barrel",
    "raised bed",
    "record player",
    "sash window",
    "sewing machine",
    "slow cooker",
    "sourdough starter",
    "table saw",
    "tomato plant",
    "wood stove",
    "wool jumper",
)
TAGS: Final = (
    *("cleaning", "cooking", "electricity", "garden", "materials", "measuring", "noise", "old"),
    *("plants", "plumbing", "repair", "rust", "safety", "storage", "textiles", "tools", "wood"),
)
TITLES: Final = (
    "Can a {} be repaired after a winter outside?",
    "How do I keep a {} in good order for many years?",
    "How often does a {} need care, really?",
    "Is it safe to leave a {} alone over a weekend?",
    "What makes a {} so loud in the morning?",
    "What should I check before I buy a second-hand {}?",
    "Where does the smell of my {} come from?",
    "Which mistakes do beginners make with a {}?",
    "Why does my {} behave differently in summer?",
    "Why would anybody take a {} apart?",
)
CLOSING: Final = (
    "a duplicate of an earlier question",
    "needs more details",
    "opinions rather than answers",
    "outside of what is asked here",
)
NOTES: Final = (
    "typo",
    "added what was asked for in the comments",
    "clearer wording",
    "fixed a number",
    "improved formatting",
)
ROBOT_NOTE: Final = "replaced http://pictures.example/ with https://pictures.example/"
_SENTENCES: Final = (
    "I have had a {} for about ten years now, and until last month all was well.",
    "My neighbour swears that a {} only needs a little oil now and then, but I have my doubts.",
    "As far as I can tell, the manual of the {} says nothing about this at all.",
    "Has anybody tried this with a {} that is older than the one in the picture?",
    "The first thing to look at is always where the {} touches something that moves or gets hot.",
    "In my case it turned out that the {} had simply been put together the wrong way round.",
    "You would be surprised how much 2 millimetres matter when it comes to a {}.",
    "That depends on the weather: with the damp we had in spring, no {} stays the way it was.",
    "I took the {} apart last Sunday, cleaned every part with warm water, and nothing changed.",
    "Please don't use vinegar on a {}; it looks fine for a week, and then the trouble begins.",
    "What you describe sounds less like the {} itself than like the place it stands in.",
    "There are at least three kinds of {}, and this advice holds for two of them only.",
    "If it still does the same after a night's rest, the {} is beyond what can be mended at home.",
    "The short answer is yes; the long one is that a {} forgives much, but not everything.",
    "I measured it: 41.5 before and 38 after, which for a {} is within what one would expect.",
    'Somebody in the shop told me "never touch a running {}", and I begin to see why.',
    "It costs less than 20 € to have a {} looked at, and you learn a lot by watching.",
    "Could you add a picture that shows the {} from the side, with the light behind you?",
    "With all respect, that is how one ruins a {}, and I have ruined two of them myself.",
    "It worked! The {} has been quiet since yesterday evening, thank you very much.",
    "I would wait until autumn, since a {} is at its best when it has had time to settle.",
    "Mine does that too, but only on Mondays — nobody in the house knows what to make of the {}.",
)
_SHORT: Final = (
    "That did not help, sadly.",
    "Good point, I had not thought of it.",
    "I agree with the first half.",
    "Which one do you mean?",
    "Do you have a source for that?",
    "Thanks, I'll try it tonight.",
    "Not in my experience.",
    "This should be an answer.",
    "Same here.",
    "Why not both?",
)
SAYINGS: Final = {
    thing: (*(sentence.format(thing) for sentence in _SENTENCES), *_SHORT) for thing in THINGS
}


def name_of(person: int) -> str:
    """A name for each number; some are written in one word, some with digits."""
    first = FIRST_NAMES[person * 7 % len(FIRST_NAMES)]
    last = LAST_NAMES[(person * 5 + person // len(FIRST_NAMES)) % len(LAST_NAMES)]
    match person % 4:
        case 0:
            return f"{first} {last}"
        case 1:
            return f"{first}{person}"
        case 2:
            return f"{first.lower()}_{last.lower()}{person // 100 or ''}"
        case _:
            return f"{first} {last[0]}{person}"
