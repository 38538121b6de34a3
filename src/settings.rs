//! `turnproof.yaml`: targets, profiles, defaults; layering as pure functions.
