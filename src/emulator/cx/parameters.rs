//! Parameters of a session or flow: names without regard to case, keys spelled as they were last written
//! (cx-runtime 10.1).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::reference::{Step, descend, dotted_names};
use crate::model::{Map, Value};

/// Named values; a value is never null, because null means not set (cx-runtime 4.3, 9.3).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameters {
    /// By lower-case name.
    entries: BTreeMap<Box<str>, Entry>,
}

#[derive(Debug, Clone, PartialEq)]
struct Entry {
    /// The key as reported, when it is not the lower-case name.
    spelling: Option<Box<str>>,
    value: Value,
}

impl Parameters {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.entries.get(&*lower_case(name)).map(|entry| &entry.value)
    }

    /// Sets a parameter; null removes it.
    pub fn set(&mut self, name: &str, value: Value) {
        let key = lower_case(name);
        if value.is_null() {
            self.entries.remove(&*key);
            return;
        }
        let spelling = (key != name).then(|| name.into());
        self.entries.insert((*key).into(), Entry { spelling, value });
    }

    /// Sets a parameter that language understanding found: the key is in lower case, whatever the agent calls it
    /// (cx-runtime 10.1).
    pub fn set_understood(&mut self, name: &str, value: Value) {
        self.set(&lower_case(name), value);
    }

    /// A parameter to be changed in place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Value> {
        self.entries
            .get_mut(&*lower_case(name))
            .map(|entry| &mut entry.value)
    }

    /// The value at the end of a reference's path. A member comes before a parameter with a dotted name
    /// (cx-runtime 10.5).
    pub fn resolve(&self, path: &[Step]) -> Option<Cow<'_, Value>> {
        let [first, rest @ ..] = path else {
            return Some(Cow::Owned(Value::Object(self.to_map())));
        };
        let Step::Name(name) = first else { return None };
        if let Some(value) = self.get(name).and_then(|value| descend(value, rest)) {
            return Some(Cow::Borrowed(value));
        }
        dotted_names(path)
            .find_map(|(name, rest)| descend(self.get(&name)?, rest))
            .map(Cow::Borrowed)
    }

    /// All parameters under the keys that are reported.
    pub fn to_map(&self) -> Map {
        self.iter()
            .map(|(key, value)| (key.to_owned(), value.clone()))
            .collect()
    }

    /// Keys as reported, and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.entries
            .iter()
            .map(|(key, entry)| (entry.spelling.as_deref().unwrap_or(key), &entry.value))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn lower_case(name: &str) -> Cow<'_, str> {
    if name.chars().any(char::is_uppercase) {
        Cow::Owned(name.to_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::emulator::cx::reference::Reference;

    fn resolve(parameters: &Parameters, path: &str) -> Option<Value> {
        let reference = Reference::parse(&format!("$session.params{path}")).unwrap();
        parameters.resolve(&reference.path).map(Cow::into_owned)
    }

    #[test]
    fn names_are_read_without_regard_to_case_and_keys_keep_their_spelling() {
        let mut parameters = Parameters::default();
        parameters.set("FirstName", json!("Ada"));
        assert_eq!(parameters.get("firstname"), Some(&json!("Ada")));
        assert_eq!(parameters.to_map().keys().collect::<Vec<_>>(), ["FirstName"]);
        parameters.set("FIRSTNAME", Value::Null);
        assert!(parameters.is_empty());
    }

    #[test]
    fn understood_parameters_have_lower_case_keys() {
        let mut parameters = Parameters::default();
        parameters.set_understood("FirstName", json!("Ada"));
        assert_eq!(parameters.to_map().keys().collect::<Vec<_>>(), ["firstname"]);
    }

    #[test]
    fn dotted_names_are_flat_keys_and_members_come_first() {
        let mut parameters = Parameters::default();
        parameters.set("member.firstName", json!("Ada"));
        assert_eq!(resolve(&parameters, ".member.firstName"), Some(json!("Ada")));
        parameters.set("member", json!({"firstName": "Grace"}));
        assert_eq!(resolve(&parameters, ".member.firstName"), Some(json!("Grace")));
        assert_eq!(resolve(&parameters, ".member.lastName"), None);
    }

    #[test]
    fn the_scope_itself_is_an_object() {
        let mut parameters = Parameters::default();
        parameters.set("a", json!(1));
        assert_eq!(resolve(&parameters, ""), Some(json!({"a": 1})));
    }
}
