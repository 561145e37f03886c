package config

// SettleAfter is how long the file must stay the same before it is believed.
const SettleAfter = settleAfter
