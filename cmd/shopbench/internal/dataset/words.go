package dataset

var adjectives = []string{
	"sturdy", "light", "folding", "compact", "classic", "modern", "rustic", "handmade", "stackable", "portable",
	"narrow", "wide", "tall", "small", "large", "plain", "striped", "quiet", "bright", "dark",
}

var materials = []string{
	"oak", "walnut", "steel", "brass", "copper", "linen", "cotton", "wool", "leather", "ceramic",
	"glass", "bamboo", "marble", "cork", "aluminium",
}

var things = []string{
	"lamp", "chair", "table", "shelf", "bowl", "kettle", "mug", "blanket", "cushion", "mirror",
	"clock", "basket", "tray", "vase", "stool", "bench", "rack", "hook", "frame", "box",
	"bottle", "pan", "pot", "knife", "board", "towel", "curtain", "rug", "desk", "drawer",
}

var places = []string{"kitchen", "garden", "office", "hallway", "bathroom", "bedroom", "workshop", "balcony"}

var categories = []string{
	"furniture", "lighting", "kitchen", "textiles", "storage", "garden", "bath", "office", "decoration", "tools",
	"children", "outdoor",
}

var sentences = []string{
	"Made in small batches and checked by hand.",
	"Easy to clean with a damp cloth.",
	"Ships flat and is put together in ten minutes.",
	"The surface is oiled and ages well.",
	"Spare parts can be ordered for at least ten years.",
	"Comes in a box without plastic.",
	"Carries up to eighty kilograms.",
	"Fits through every usual door.",
	"Suits a narrow corner as well as a large room.",
	"Two years of guarantee, thirty days to return it.",
	"Colours may differ slightly from one piece to the next.",
	"Designed by a family workshop and tested in daily use.",
}
