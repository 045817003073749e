/** The words that the shop's data is put together from. */

export const categoryVocabulary: readonly {
  readonly name: string;
  readonly nouns: readonly string[];
  /** From, to. */
  readonly priceEuros: readonly [number, number];
  /** From, to. */
  readonly weightGrams: readonly [number, number];
}[] = [
  {
    name: "Kitchen",
    nouns: [
      "chef's knife",
      "kettle",
      "crème brûlée torch",
      "stockpot",
      "bread tin",
      "salad spinner",
      "pepper mill",
      "tea bowl",
    ],
    priceEuros: [9, 180],
    weightGrams: [150, 4200],
  },
  {
    name: "Furniture",
    nouns: [
      "armchair",
      "bookcase",
      "dining table",
      "bed frame",
      "side table",
      "wardrobe",
      "stool",
      "écritoire",
    ],
    priceEuros: [59, 1900],
    weightGrams: [3500, 68000],
  },
  {
    name: "Lighting",
    nouns: [
      "desk lamp",
      "pendant",
      "floor lamp",
      "wall light",
      "lantern",
      "reading light",
      "string lights",
      "dimmer",
    ],
    priceEuros: [14, 420],
    weightGrams: [120, 7800],
  },
  {
    name: "Textiles",
    nouns: [
      "throw",
      "cushion",
      "duvet cover",
      "bath towel",
      "rug",
      "curtain",
      "tea towel",
      "フトン mattress",
    ],
    priceEuros: [8, 350],
    weightGrams: [90, 9500],
  },
  {
    name: "Garden",
    nouns: [
      "secateurs",
      "watering can",
      "raised bed",
      "hammock",
      "bird feeder",
      "trowel",
      "parasol",
      "herb planter",
    ],
    priceEuros: [7, 290],
    weightGrams: [110, 22000],
  },
  {
    name: "Outdoor",
    nouns: [
      "tent",
      "sleeping bag",
      "rucksack",
      "camping stove",
      "headtorch",
      "dry bag",
      "water filter",
      "fjäll jacket",
    ],
    priceEuros: [19, 690],
    weightGrams: [60, 5200],
  },
  {
    name: "Audio",
    nouns: [
      "headphones",
      "bookshelf speaker",
      "turntable",
      "soundbar",
      "earbuds",
      "amplifier",
      "radio",
      "microphone",
    ],
    priceEuros: [29, 1450],
    weightGrams: [40, 11500],
  },
  {
    name: "Books",
    nouns: [
      "cookbook",
      "atlas",
      "field guide",
      "novel",
      "sketchbook",
      "travel journal",
      "poetry anthology",
      "Wörterbuch",
    ],
    priceEuros: [6, 65],
    weightGrams: [140, 2600],
  },
  {
    name: "Stationery",
    nouns: [
      "fountain pen",
      "notebook",
      "desk organiser",
      "washi tape",
      "letter opener",
      "ink bottle",
      "stapler",
      "calendar",
    ],
    priceEuros: [3, 140],
    weightGrams: [20, 1200],
  },
  {
    name: "Toys",
    nouns: [
      "marble run",
      "puzzle",
      "kite",
      "building blocks",
      "puppet",
      "train set",
      "board game",
      "матрёшка doll",
    ],
    priceEuros: [5, 160],
    weightGrams: [80, 5400],
  },
  {
    name: "Sports",
    nouns: [
      "yoga mat",
      "skipping rope",
      "kettlebell",
      "tennis racket",
      "bike lock",
      "swim goggles",
      "foam roller",
      "climbing harness",
    ],
    priceEuros: [9, 310],
    weightGrams: [70, 16000],
  },
  {
    name: "Travel & Luggage",
    nouns: [
      "suitcase",
      "packing cube",
      "neck pillow",
      "passport wallet",
      "travel adapter",
      "duffel",
      "umbrella",
      "wash bag",
    ],
    priceEuros: [8, 480],
    weightGrams: [50, 4900],
  },
];

export const adjectives = [
  "Everyday",
  "Nordic",
  "Compact",
  "Heritage",
  "Featherlight",
  "Hand-finished",
  "Midnight-blue",
  "Recycled",
  "Señorita",
  "Bjørn & Daughters",
  "Professional",
  "Wabi-sabi 侘寂",
] as const;

export const tags = [
  "new",
  "sale",
  "bestseller",
  "eco",
  "gift",
  "handmade",
  "vegan",
  "limited",
  "année-2025",
] as const;

export const descriptionSentences = [
  "Made to be used daily and to look better for it.",
  "Designed in Malmö, made in a family workshop near Łódź.",
  "Folds flat in seconds.",
  "Every piece is checked by hand before it leaves the workshop, and signed by whoever checked it.",
  "The finish is a plant-based oil that can be renewed at home with nothing more than a cotton cloth.",
  "Works from −20 °C to 45 °C.",
  "Spare parts are kept for at least ten years after the last one is sold; a repair is nearly always cheaper than a replacement.",
  "Awarded »très bien« by the readers of three magazines.",
  "Comes in a box without plastic.",
  "Wipe clean with a damp cloth; do not soak.",
  "The name means “quiet morning” (静かな朝) – which is about the time of day you will like it most.",
  "Weighs ½ of its predecessor ✨ and does everything that one did.",
] as const;

/** By number of stars. */
export const reviewTitles = {
  1: ["Broke in a week", "Not as described", "Going back"],
  2: ["Disappointing", "Expected more", "Meh 😐"],
  3: ["It is fine", "Does the job", "Average, honestly"],
  4: ["Very good", "Happy with it", "Almost perfect"],
  5: ["Excellent!", "Would buy again", "Five stars ⭐", "Parfait"],
} as const;

export const reviewSentences = [
  "Delivery took two days.",
  "I have used it every day since spring.",
  "The colour is a little darker than in the pictures.",
  "My daughter loves it 💚.",
  "Tellement pratique que j'en ai acheté un deuxième.",
  "The instructions were in five languages, none of which I speak, but the drawings were clear enough to get it together in half an hour.",
  "Customer service answered within the hour.",
  "Qualität top, Verpackung übertrieben.",
  "For the price I would have expected a better seam.",
  "とても良い買い物でした。",
  "It replaced one that I had for eleven years, and so far it looks as if it will last as long.",
] as const;

export const firstNames = [
  "Ada",
  "Zoë",
  "Ōtomo",
  "Søren",
  "Łucja",
  "Mateo",
  "Ines",
  "Jürgen",
  "Noor",
  "Wanjiru",
  "Siobhán",
  "Dmitri",
  "Priya",
  "Tomás",
  "Hana",
  "Oscar",
  "Leïla",
  "Björk",
  "Chen",
  "Amara",
] as const;

export const lastNames = [
  "Lindqvist",
  "Okafor",
  "García",
  "Nakamura",
  "O'Brien",
  "Müller",
  "Kowalczyk",
  "Haddad",
  "Dupont",
  "Nguyễn",
  "van den Berg",
  "Patel",
  "Rossi",
  "Þórsdóttir",
  "Silva",
  "Novák",
] as const;

export const streets = [
  "Hauptstraße",
  "Rue de l'Église",
  "Storgatan",
  "High Street",
  "Calle Mayor",
  "Via Roma",
  "Nørregade",
  "ul. Długa",
] as const;

/** City and ISO 3166 country. */
export const cities = [
  ["Berlin", "DE"],
  ["Lyon", "FR"],
  ["Malmö", "SE"],
  ["Dublin", "IE"],
  ["Málaga", "ES"],
  ["Bologna", "IT"],
  ["København", "DK"],
  ["Łódź", "PL"],
  ["Wien", "AT"],
  ["Gent", "BE"],
] as const;

export const notificationTexts = [
  { text: "Your order has left the warehouse.", type: "order_shipped" },
  { text: "The rest of your order is on its way. Enjoy!", type: "order_shipped" },
  { text: "A product on your wish list has become cheaper.", type: "price_drop" },
  { text: "Somebody has answered your review ✍️", type: "review_reply" },
  { text: "Cheaper until Sunday: something that you have looked at.", type: "price_drop" },
  { text: "Somebody found your review helpful.", type: "review_reply" },
] as const;

export const colours = ["oak", "charcoal", "bleu nuit", "moss", "cream", "rust", "sky"] as const;

export const materials = ["steel", "linen", "ash wood", "recycled PET", "glass", "ceramic", "wool"] as const;

export const brands = ["Nordlys", "Maison Aubert", "Kōbō", "Harrow & Sons", "Włókno", "Fjordal"] as const;

export const suppliers = ["Lindgren AB", "Atelier Brun SARL", "三井工房", "Zielony Sp. z o.o."] as const;

export const careAdvice = ["wipe with a damp cloth", "no bleach", "30 °C", "keep dry"] as const;

export const recommendationReasons = [
  "Often bought together",
  "From the same workshop",
  "Popular in this category",
  "Similar, but cheaper",
] as const;
