"""The live page: theory under your finger, the network moving beside it, in several languages."""
