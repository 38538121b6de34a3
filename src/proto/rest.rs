//! Which HTTP request is which call: the methods that can be called over REST, and the one over a WebSocket.
//!
//! The table is that of the services' own declarations (cx-sessions-api 6.1, ces-api 1.1 and 1.6): the name of the session
//! stands in the path, and so is left out of the body, which is the rest of the message in protobuf's JSON form. Not here:
//! what the messages mean, and how they are carried.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::{Map, Value};

/// A method that can be called over REST, always by `POST`.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// The method: `/package.Service/Method`.
    pub method: &'static str,
    /// Version of the API, the first segment of the path.
    version: &'static str,
    /// What stands after the colon.
    verb: &'static str,
    /// The JSON names that lead to the name of the session, from the outside.
    session: &'static [&'static str],
    /// What names of sessions are like: one of these.
    names: &'static [&'static [&'static str]],
}

/// Stands for any single segment of a name.
const ANY: &str = "*";

/// Names of CES sessions.
const OF_APPS: &[&[&str]] = &[&["projects", ANY, "locations", ANY, "apps", ANY, "sessions", ANY]];
/// Names of Dialogflow CX sessions: with the draft, and in an environment.
const OF_AGENTS: &[&[&str]] = &[
    &["projects", ANY, "locations", ANY, "agents", ANY, "sessions", ANY],
    &[
        "projects",
        ANY,
        "locations",
        ANY,
        "agents",
        ANY,
        "environments",
        ANY,
        "sessions",
        ANY,
    ],
];

const fn ces(method: &'static str, verb: &'static str) -> Rule {
    Rule {
        method,
        version: "v1",
        verb,
        session: &["config", "session"],
        names: OF_APPS,
    }
}

const fn cx(method: &'static str, version: &'static str, verb: &'static str) -> Rule {
    Rule {
        method,
        version,
        verb,
        session: &["session"],
        names: OF_AGENTS,
    }
}

const fn cx_fulfill(method: &'static str, version: &'static str) -> Rule {
    Rule {
        session: &["matchIntentRequest", "session"],
        ..cx(method, version, "fulfillIntent")
    }
}

/// Every method that there is over REST. `BidiRunSession` and `StreamingDetectIntent` are not.
const RULES: [Rule; 12] = [
    ces("/google.cloud.ces.v1.SessionService/RunSession", "runSession"),
    ces(
        "/google.cloud.ces.v1.SessionService/StreamRunSession",
        "streamRunSession",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3.Sessions/DetectIntent",
        "v3",
        "detectIntent",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3.Sessions/ServerStreamingDetectIntent",
        "v3",
        "serverStreamingDetectIntent",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3.Sessions/MatchIntent",
        "v3",
        "matchIntent",
    ),
    cx_fulfill("/google.cloud.dialogflow.cx.v3.Sessions/FulfillIntent", "v3"),
    cx(
        "/google.cloud.dialogflow.cx.v3.Sessions/SubmitAnswerFeedback",
        "v3",
        "submitAnswerFeedback",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3beta1.Sessions/DetectIntent",
        "v3beta1",
        "detectIntent",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3beta1.Sessions/ServerStreamingDetectIntent",
        "v3beta1",
        "serverStreamingDetectIntent",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3beta1.Sessions/MatchIntent",
        "v3beta1",
        "matchIntent",
    ),
    cx_fulfill(
        "/google.cloud.dialogflow.cx.v3beta1.Sessions/FulfillIntent",
        "v3beta1",
    ),
    cx(
        "/google.cloud.dialogflow.cx.v3beta1.Sessions/SubmitAnswerFeedback",
        "v3beta1",
        "submitAnswerFeedback",
    ),
];

/// The method that a WebSocket carries.
pub const LIVE: &str = "/google.cloud.ces.v1.SessionService/BidiRunSession";
/// What its address begins with (ces-api 1.6); the location follows.
const LIVE_PATH: &str = "/ws/google.cloud.ces.v1.SessionService/BidiRunSession/locations/";

/// What stands for itself in a segment of a path (RFC 3986, 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'~');

impl Rule {
    /// How a method is called over REST, if it can be.
    pub fn of_method(method: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.method == method)
    }

    /// The method that a path calls, and the name of the session in it.
    pub fn of_path(path: &str) -> Option<(&'static Self, String)> {
        let (name, verb) = path.strip_prefix('/')?.rsplit_once(':')?;
        let (version, name) = name.split_once('/')?;
        let rule = RULES
            .iter()
            .find(|rule| rule.version == version && rule.verb == verb)?;
        let decoded = |segment| {
            let segment = percent_decode_str(segment).decode_utf8().ok()?;
            (!segment.contains('/')).then(|| segment.into_owned())
        };
        let segments: Vec<String> = name.split('/').map(decoded).collect::<Option<_>>()?;
        let name = segments.join("/");
        rule.takes(&name).then_some((rule, name))
    }

    /// The path that a message is sent to. The name of the session is taken out of the message; nothing when it has none
    /// that is one.
    pub fn path(&self, message: &mut Value) -> Option<String> {
        let (last, outer) = self.session.split_last()?;
        let mut holder = message;
        for member in outer {
            holder = holder.get_mut(member)?;
        }
        let name = holder.as_object_mut()?.shift_remove(*last)?;
        let name = name.as_str().filter(|name| self.takes(name))?;
        let segments: Vec<String> = name
            .split('/')
            .map(|segment| utf8_percent_encode(segment, SEGMENT).to_string())
            .collect();
        Some(format!("/{}/{}:{}", self.version, segments.join("/"), self.verb))
    }

    /// Puts the name of the session, which came in the path, where it stands in the message. Another one in the body does
    /// not count.
    pub fn put(&self, message: &mut Value, session: String) {
        let Some((last, outer)) = self.session.split_last() else {
            return;
        };
        let mut holder = message;
        for member in outer {
            let Value::Object(members) = holder else { return };
            holder = members
                .entry(*member)
                .or_insert_with(|| Value::Object(Map::new()));
            if holder.is_null() {
                *holder = Value::Object(Map::new());
            }
        }
        if let Value::Object(members) = holder {
            members.insert((*last).to_owned(), Value::String(session));
        }
    }

    fn takes(&self, name: &str) -> bool {
        self.names.iter().any(|pattern| {
            let mut wanted = pattern.iter();
            let fits = name.split('/').all(|segment| match wanted.next() {
                Some(&ANY) => !segment.is_empty(),
                Some(fixed) => *fixed == segment,
                None => false,
            });
            fits && wanted.next().is_none()
        })
    }
}

/// The address of the live method for a location, such as `us`.
pub fn live_path(location: &str) -> String {
    format!("{LIVE_PATH}{}", utf8_percent_encode(location, SEGMENT))
}

/// The method that a WebSocket at a path carries, if any.
pub fn live_method(path: &str) -> Option<&'static str> {
    let location = path.strip_prefix(LIVE_PATH)?;
    (!location.is_empty() && !location.contains('/')).then_some(LIVE)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::proto::json::read::messages_of;

    #[test]
    fn every_method_of_the_table_is_declared_and_has_its_own_path() {
        for rule in &RULES {
            assert!(messages_of(rule.method).is_some(), "{}", rule.method);
            let mut message = json!({});
            rule.put(&mut message, rule.names[0].join("/").replace(ANY, "a b"));
            let filled = message.clone();
            let path = rule.path(&mut message).unwrap();
            assert!(!path.contains(' '), "{path}");
            let (found, name) = Rule::of_path(&path).unwrap();
            assert_eq!(found.method, rule.method);
            rule.put(&mut message, name);
            assert_eq!(message, filled);
        }
    }

    #[test]
    fn the_session_goes_from_the_body_to_the_path() {
        let mut message = json!({
            "matchIntentRequest": {"session": "projects/p/locations/l/agents/a/environments/e/sessions/s", "queryInput": {}},
            "match": {"session": "x"},
        });
        let rule = Rule::of_method("/google.cloud.dialogflow.cx.v3.Sessions/FulfillIntent").unwrap();
        assert_eq!(
            rule.path(&mut message).unwrap(),
            "/v3/projects/p/locations/l/agents/a/environments/e/sessions/s:fulfillIntent"
        );
        assert_eq!(
            message,
            json!({"matchIntentRequest": {"queryInput": {}}, "match": {"session": "x"}})
        );
    }

    #[test]
    fn what_is_no_session_has_no_path() {
        let rule = Rule::of_method("/google.cloud.ces.v1.SessionService/RunSession").unwrap();
        for name in [
            "",
            "projects/p",
            "projects//locations/l/apps/a/sessions/s",
            "projects/p/locations/l/agents/a/sessions/s",
            "projects/p/locations/l/apps/a/sessions/s/more",
        ] {
            assert_eq!(
                rule.path(&mut json!({"config": {"session": name}})),
                None,
                "{name}"
            );
        }
        for message in [
            json!({}),
            json!([]),
            json!({"config": {"session": 1}}),
            json!({"config": null}),
        ] {
            assert_eq!(rule.path(&mut message.clone()), None, "{message}");
        }
    }

    #[test]
    fn other_paths_are_nobodys() {
        for path in [
            "/",
            "/v1/projects/p/locations/l/apps/a/sessions/s",
            "/v2/projects/p/locations/l/apps/a/sessions/s:runSession",
            "/v1/projects/p/locations/l/agents/a/sessions/s:runSession",
            "/v1/projects/p/locations/l/apps/a%2Fb/sessions/s:runSession",
            "/v1/projects/p/locations/l/apps/%FF/sessions/s:runSession",
            "/v3/projects/p/locations/l/agents/a/sessions/s:runSession",
            "/google.cloud.ces.v1.SessionService/RunSession",
        ] {
            assert_eq!(Rule::of_path(path), None, "{path}");
        }
    }

    #[test]
    fn a_name_in_the_path_counts() {
        let rule = Rule::of_method("/google.cloud.ces.v1.SessionService/RunSession").unwrap();
        for mut message in [
            json!({}),
            json!({"config": null}),
            json!({"config": {"session": "other"}}),
        ] {
            rule.put(&mut message, "mine".to_owned());
            assert_eq!(message["config"]["session"], "mine");
        }
        // What is no message is told when it is read.
        rule.put(&mut json!([]), "mine".to_owned());
    }

    #[test]
    fn a_socket_names_its_location() {
        assert_eq!(live_method(&live_path("us")), Some(LIVE));
        assert!(messages_of(LIVE).is_some());
        for path in [
            "/ws",
            LIVE_PATH,
            LIVE,
            &live_path("us/x"),
            &format!("{}/x", live_path("us")),
        ] {
            let is_escaped = path.contains("%2F");
            assert_eq!(live_method(path).is_some(), is_escaped, "{path}");
        }
    }
}
