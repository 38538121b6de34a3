//! `turnproof.yaml` → typed settings; layering of settings as pure functions.

pub mod root;
