#![allow(warnings)]
#[path = "it/suite_cases.rs"]
mod suite_cases;
