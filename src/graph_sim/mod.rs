//! The simulated Graph: Meta as far as tokens are concerned, on loopback.
