//! The environment variables that settings and suites may read: those that `env:` lists and, in CI, that the command
//! line names as well. Everything that may be read is a secret to the reports.
//!
//! The environment itself is read by the caller, who hands in a way to look a name up.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::diagnostic::suggest;

/// Stands for the value of a variable that has none, where its notation is checked, or nobody needs it. Any name may be
/// made of it.
pub const STAND_IN: &str = "unset-variable";

/// What the settings may learn of the process they run in.
#[derive(Clone, Copy)]
pub struct Environment<'a> {
    /// Looks a variable up; asked for listed names only.
    pub lookup: &'a dyn Fn(&str) -> Option<String>,
    /// Whether this runs in CI, where secrets are about and suites may come from strangers.
    pub ci: bool,
    /// The names given as `--env`.
    pub allowed: &'a [String],
    /// Whether no service will be asked, so that nobody needs credentials.
    pub offline: bool,
}

/// The variables that may be read, with their values.
#[derive(Clone, Default)]
pub struct Variables {
    listed: BTreeSet<String>,
    refused: BTreeSet<String>,
    offline: bool,
    values: BTreeMap<String, String>,
}

/// Why a variable has no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VariableError {
    /// The settings do not list it.
    #[error("the variable `{0}` is not listed in `env:` of the settings")]
    NotListed(String),
    /// In CI, and the command line does not name it.
    #[error("the variable `{0}` may not be read: in CI, the command line must name it")]
    NotAllowed(String),
    /// It is not set, or no text.
    #[error("the environment variable `{0}` is not set")]
    Unset(String),
    /// `${…}` is no reference.
    #[error("`{0}` is no reference to a variable")]
    Malformed(String),
}

impl fmt::Debug for Variables {
    /// Names only.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Variables").field(&self.listed).finish()
    }
}

impl Variables {
    /// Reads the listed variables, as far as they may be read.
    pub fn read(listed: impl IntoIterator<Item = String>, environment: &Environment<'_>) -> Self {
        let mut variables = Self {
            listed: listed.into_iter().collect(),
            offline: environment.offline,
            ..Self::default()
        };
        for name in &variables.listed {
            if environment.ci && !environment.allowed.contains(name) {
                variables.refused.insert(name.clone());
            } else if let Some(value) = (environment.lookup)(name) {
                variables.values.insert(name.clone(), value);
            }
        }
        variables
    }

    /// The value of a variable.
    ///
    /// # Errors
    /// When it is not listed, may not be read, or is not set.
    pub fn get(&self, name: &str) -> Result<&str, VariableError> {
        if let Some(value) = self.values.get(name) {
            return Ok(value);
        }
        let name = name.to_owned();
        Err(if self.refused.contains(&name) {
            VariableError::NotAllowed(name)
        } else if self.listed.contains(&name) {
            VariableError::Unset(name)
        } else {
            VariableError::NotListed(name)
        })
    }

    /// Whether nobody needs credentials.
    pub fn offline(&self) -> bool {
        self.offline
    }

    /// The names that `env:` lists.
    pub fn listed(&self) -> impl Iterator<Item = &str> {
        self.listed.iter().map(String::as_str)
    }

    /// The variables that may be read and are set.
    pub fn readable(&self) -> BTreeMap<String, String> {
        self.values.clone()
    }

    /// The values that were read: secrets to every report. So is what stands for those that nobody needs, so that what is
    /// read without them reads as with them.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        let read = self.values.values().map(String::as_str);
        let stands_in = self.offline && self.values.len() < self.listed.len();
        read.chain(stands_in.then_some(STAND_IN))
    }

    /// Replaces each `${NAME}` by the variable's value; `$${` stands for `${` itself. What has no value is left as
    /// it is and reported.
    pub fn fill(&self, text: &str) -> (String, Vec<VariableError>) {
        let mut filled = String::with_capacity(text.len());
        let mut problems = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("${") {
            let (before, reference) = rest.split_at(start);
            if let Some(before) = before.strip_suffix('$') {
                filled.push_str(before);
                filled.push_str("${");
                rest = &reference[2..];
                continue;
            }
            filled.push_str(before);
            let end = reference.find('}').map_or(reference.len(), |end| end + 1);
            let (reference, after) = reference.split_at(end);
            match self.value_of(reference) {
                Ok(value) => filled.push_str(value),
                Err(problem) => {
                    filled.push_str(reference);
                    problems.push(problem);
                }
            }
            rest = after;
        }
        filled.push_str(rest);
        (filled, problems)
    }

    fn value_of(&self, reference: &str) -> Result<&str, VariableError> {
        let name = reference
            .strip_prefix("${")
            .and_then(|rest| rest.strip_suffix('}'));
        match name.filter(|name| is_variable_name(name)) {
            Some(name) => self.get(name),
            None => Err(VariableError::Malformed(reference.to_owned())),
        }
    }
}

impl VariableError {
    /// What to do next.
    pub fn help(&self, variables: &Variables) -> String {
        match self {
            Self::NotListed(name) => {
                let listed: Vec<&str> = variables.listed().collect();
                suggest::nearest(name, listed).map_or_else(
                    || format!("list it: `env: [{name}]`"),
                    |nearest| format!("did you mean `{nearest}`?"),
                )
            }
            Self::NotAllowed(name) => format!("add `--env {name}`"),
            Self::Unset(name) => format!("set it: `{name}=… turnproof …`"),
            Self::Malformed(_) => "write `${NAME}`, or `$${` for a dollar and a brace".to_owned(),
        }
    }

    /// Whether the settings themselves are wrong, wherever they are used; otherwise it depends on the process.
    pub fn is_static(&self) -> bool {
        matches!(self, Self::NotListed(_) | Self::Malformed(_))
    }
}

/// Whether this can be the name of an environment variable that settings list.
pub fn is_variable_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn variables(ci: bool, allowed: &[&str]) -> Variables {
        let allowed: Vec<String> = allowed.iter().map(|name| (*name).to_owned()).collect();
        let lookup = |name: &str| match name {
            "PROJECT" => Some("acme".to_owned()),
            "TOKEN" => Some("t0p}$${secret".to_owned()),
            "HOME" => panic!("a variable that is not listed was read"),
            _ => None,
        };
        let environment = Environment {
            lookup: &lookup,
            ci,
            allowed: &allowed,
            offline: false,
        };
        Variables::read(["PROJECT", "TOKEN", "GONE"].map(str::to_owned), &environment)
    }

    #[test]
    fn only_listed_variables_are_read() {
        let variables = variables(false, &[]);
        assert_eq!(variables.get("PROJECT"), Ok("acme"));
        assert_eq!(
            variables.get("GONE"),
            Err(VariableError::Unset("GONE".to_owned()))
        );
        assert_eq!(
            variables.get("HOME"),
            Err(VariableError::NotListed("HOME".to_owned()))
        );
        assert_eq!(variables.secrets().collect::<Vec<_>>(), ["acme", "t0p}$${secret"]);
    }

    #[test]
    fn in_ci_the_command_line_names_them_too() {
        let variables = variables(true, &["PROJECT", "HOME"]);
        assert_eq!(variables.get("PROJECT"), Ok("acme"));
        assert_eq!(
            variables.get("TOKEN"),
            Err(VariableError::NotAllowed("TOKEN".to_owned()))
        );
        assert_eq!(
            variables.get("HOME"),
            Err(VariableError::NotListed("HOME".to_owned()))
        );
        let help = variables.get("TOKEN").map_err(|error| error.help(&variables));
        assert_eq!(help, Err("add `--env TOKEN`".to_owned()));
    }

    #[test]
    fn references_are_filled() {
        let variables = variables(false, &[]);
        for (text, filled) in [
            ("projects/${PROJECT}/x", "projects/acme/x"),
            ("${PROJECT}${PROJECT}", "acmeacme"),
            ("$${PROJECT} $ {x} $PROJECT", "${PROJECT} $ {x} $PROJECT"),
            ("${TOKEN}", "t0p}$${secret"),
            ("plain", "plain"),
        ] {
            assert_eq!(variables.fill(text), (filled.to_owned(), vec![]), "{text}");
        }
        for (text, problem) in [
            ("a ${GONE} b", VariableError::Unset("GONE".to_owned())),
            ("${PROJEKT}", VariableError::NotListed("PROJEKT".to_owned())),
            ("${PROJECT", VariableError::Malformed("${PROJECT".to_owned())),
            ("${}", VariableError::Malformed("${}".to_owned())),
            ("${A-B}", VariableError::Malformed("${A-B}".to_owned())),
        ] {
            assert_eq!(variables.fill(text), (text.to_owned(), vec![problem]), "{text}");
        }
        assert_eq!(
            VariableError::NotListed("PROJEKT".to_owned()).help(&variables),
            "did you mean `PROJECT`?"
        );
    }

    #[test]
    fn debug_output_has_no_values() {
        assert!(!format!("{:?}", variables(false, &[])).contains("acme"));
    }

    proptest! {
        #[test]
        fn any_text_is_filled_or_reported(text in "[${}A-Z ]{0,30}") {
            let (filled, problems) = variables(false, &[]).fill(&text);
            let explained = problems.is_empty() || filled.contains("${");
            prop_assert!(explained);
        }
    }
}
