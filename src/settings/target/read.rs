//! Reads `targets:`.
//!
//! What is wrong with the text of a target is reported at once. What depends on the machine (a variable that is
//! not set, a file that is not there) matters only to those who use the target, and is kept until then.

use std::ops::Range;

use chrono::{DateTime, FixedOffset};

use super::protocol::read_protocol;
use super::sound::read_audio;
use super::{CesTarget, CxRevision, CxTarget, EmulatorTarget, FileName, Place, Served, Target, TargetKind};
use crate::diagnostic::Diagnostic;
use crate::model::capability::Group;
use crate::model::endpoint::{Endpoint, Protocol};
use crate::model::resource::{AgentName, AppName, Malformed, is_segment};
use crate::model::suite::{ApiVersion, AudioSettings, Service, Via};
use crate::settings::keys::check_keys;
use crate::settings::rate::{Quota, Rate};
use crate::settings::root::Root;
use crate::settings::variables::{STAND_IN, Variables};
use crate::yaml::{Kind, Map, Node, Reader};

mod access;
mod credentials;

const BACKENDS: [&str; 3] = ["emulator", "cx", "ces"];

/// A target as far as it could be read.
#[derive(Debug, Clone)]
pub struct TargetEntry {
    /// Its name.
    pub name: String,
    /// The service it speaks, if the text says so.
    pub service: Option<Service>,
    /// The target; with a variable that has no value, or a file that is missing, in the wording of the settings.
    pub target: Option<Target>,
    /// Why it cannot be used here and now.
    pub unusable: Vec<Diagnostic>,
    /// The agent or app as it is written, where a variable in it has no value.
    pub unfilled_subject: Option<String>,
}

/// Reads the mapping of all targets.
pub(in crate::settings) fn read_targets(
    reader: &mut Reader,
    node: &Node,
    root: &Root,
    variables: &Variables,
) -> Vec<TargetEntry> {
    let Some(map) = reader.map(node, "`targets`") else {
        return Vec::new();
    };
    let mut entries = Vec::new();
    for entry in &map.entries {
        let name = &entry.key.name;
        if name.is_empty() || name.contains(['=', ',']) || name.trim() != name {
            let message = "a target's name has no `=`, no `,` and no blanks around it";
            reader.error("bad-name", message, entry.key.span.clone());
        }
        let mut node = entry.value.clone();
        let before = reader.problems.len();
        let mut one = One {
            reader: &mut *reader,
            root,
            variables,
            unusable: Vec::new(),
            unfilled: Vec::new(),
        };
        one.fill(&mut node);
        let target = one.target(name, entry.key.span.clone(), &node);
        let (unusable, unfilled) = (one.unusable, one.unfilled);
        let subject = ["agent", "app"].into_iter().find_map(|key| node.get(key));
        let subject = subject.filter(|subject| unfilled.contains(&subject.span));
        forget_followups(reader, before, &unfilled);
        entries.push(TargetEntry {
            name: name.clone(),
            service: service(&node),
            target,
            unusable,
            unfilled_subject: subject.and_then(Node::as_text).map(str::to_owned),
        });
    }
    entries
}

/// The service that a target speaks, whatever else is wrong with it.
fn service(target: &Node) -> Option<Service> {
    match target.get("backend")?.as_text()? {
        "ces" => Some(Service::Ces),
        "emulator" if target.get("app").is_some() => Some(Service::Ces),
        "cx" | "emulator" => Some(Service::Cx),
        _ => None,
    }
}

/// A value whose variable has no value is not judged: that would be a second problem with the same cause.
fn forget_followups(reader: &mut Reader, from: usize, unfilled: &[Range<usize>]) {
    let caused = |problem: &Diagnostic| {
        let span = problem.labels.first().map(|label| &label.span);
        problem.code != "variable" && span.is_some_and(|span| unfilled.contains(span))
    };
    let later = reader.problems.split_off(from);
    reader
        .problems
        .extend(later.into_iter().filter(|problem| !caused(problem)));
}

/// One target being read.
struct One<'a> {
    reader: &'a mut Reader,
    root: &'a Root,
    variables: &'a Variables,
    unusable: Vec<Diagnostic>,
    /// Places whose variables have no value.
    unfilled: Vec<Range<usize>>,
}

impl One<'_> {
    /// Puts values for `${NAME}` in every text below.
    fn fill(&mut self, node: &mut Node) {
        match &mut node.kind {
            Kind::Text(text) if text.value.contains("${") => {
                let (value, problems) = self.variables.fill(&text.value);
                text.value = value;
                for problem in problems {
                    let shown = Diagnostic::error("variable", problem.to_string())
                        .at(&self.reader.file, node.span.clone(), "")
                        .help(problem.help(self.variables));
                    if problem.is_static() {
                        self.reader.push(shown);
                    } else if !self.variables.offline() {
                        self.unusable.push(shown);
                    }
                    self.unfilled.push(node.span.clone());
                }
            }
            Kind::List(list) => list.items.iter_mut().for_each(|item| self.fill(item)),
            Kind::Map(map) => map
                .entries
                .iter_mut()
                .for_each(|entry| self.fill(&mut entry.value)),
            _ => {}
        }
    }

    fn target(&mut self, name: &str, span: Range<usize>, node: &Node) -> Option<Target> {
        let map = self.reader.map(node, "a target")?;
        let backend = self.required(map, node, "backend")?;
        let backend_name = self.reader.text(backend, "`backend`")?;
        let kind = match backend_name.as_str() {
            "emulator" => self.emulator(map, node).map(TargetKind::Emulator),
            "cx" => self.cx(map, node).map(TargetKind::Cx),
            "ces" => self.ces(map, node).map(TargetKind::Ces),
            other => {
                self.reader.unknown(
                    other,
                    backend.span.clone(),
                    "unknown-value",
                    "there is no backend",
                    &BACKENDS,
                );
                None
            }
        };
        let rate = map.get("rate").and_then(|node| read_rate(self.reader, node));
        let quota = Quota::read(self.reader, map);
        let place = Place {
            file: self.reader.file.clone(),
            span,
        };
        let mut target = Target {
            name: name.to_owned(),
            place,
            rate,
            quota,
            via: None,
            protocol: Protocol::default(),
            audio: AudioSettings::default(),
            kind: kind?,
        };
        let emulated = matches!(target.kind, TargetKind::Emulator(_));
        target.audio = read_audio(self.reader, map.get("audio"), target.service(), emulated);
        target.via = map.get("via").and_then(|node| self.via(node, &target));
        target.protocol = read_protocol(self.reader, map, &target);
        if target.protocol == Protocol::WebSocket {
            target.via = Some(Via::Bidi);
        }
        Some(target)
    }

    fn emulator(&mut self, map: &Map, node: &Node) -> Option<EmulatorTarget> {
        check_keys(self.reader, map, Group::EmulatorTarget);
        let clock = map.get("clock").and_then(|node| clock(self.reader, node));
        let seed = map
            .get("seed")
            .and_then(|node| self.reader.integer(node, "`seed`", 0..u64::MAX));
        let latency = map
            .get("latency")
            .and_then(|node| self.reader.duration(node, "`latency`"));
        let api_version = self.api_version(map);
        let served = match (map.get("agent"), map.entry("app")) {
            (Some(agent), None) => Served::Agent(self.file(agent, "`agent`")?),
            (None, Some(app)) => Served::App(self.file(&app.value, "`app`")?),
            (Some(_), Some(app)) => {
                let message = "an emulator target serves an `agent` or an `app`, not both";
                self.reader
                    .error("conflicting-keys", message, app.key.span.clone());
                return None;
            }
            (None, None) => {
                let help = "`agent:` is a Dialogflow CX export (folder or zip), `app:` a scripted CES app";
                let message = "an emulator target needs an `agent` or an `app`";
                self.reader
                    .error("missing-key", message, node.span.clone())
                    .help
                    .push(help.to_owned());
                return None;
            }
        };
        if let (Served::App(_), Some(entry)) = (&served, map.entry("api_version")) {
            let message = "`api_version` is a choice of Dialogflow CX; an app speaks CES";
            self.reader
                .error("conflicting-keys", message, entry.key.span.clone());
        }
        Some(EmulatorTarget {
            served,
            clock,
            seed,
            latency,
            api_version,
        })
    }

    fn cx(&mut self, map: &Map, node: &Node) -> Option<CxTarget> {
        check_keys(self.reader, map, Group::CxTarget);
        let revision = self.revision(map);
        let api_version = self.api_version(map);
        let endpoint = self.endpoint(map);
        let credentials = self.credentials(map);
        let access = self.access(map, endpoint.as_ref());
        let export = map.get("export").map(|node| self.file(node, "`export`"));
        let agent = self.required(map, node, "agent")?;
        let agent = self.parsed(agent, "`agent`", "bad-resource-name", str::parse::<AgentName>);
        let export = match export {
            Some(export) => Some(export?),
            None => None,
        };
        let agent = agent?;
        Some(CxTarget {
            agent,
            export,
            revision,
            api_version,
            endpoint,
            credentials,
            access,
        })
    }

    fn ces(&mut self, map: &Map, node: &Node) -> Option<CesTarget> {
        check_keys(self.reader, map, Group::CesTarget);
        let endpoint = self.endpoint(map);
        let credentials = self.credentials(map);
        let access = self.access(map, endpoint.as_ref());
        let deployment = map
            .get("deployment")
            .and_then(|node| self.parsed(node, "`deployment`", "bad-id", id));
        let app = self.required(map, node, "app")?;
        let app = self.parsed(app, "`app`", "bad-resource-name", str::parse::<AppName>)?;
        Some(CesTarget {
            app,
            deployment,
            endpoint,
            credentials,
            access,
        })
    }

    fn required<'node>(&mut self, map: &'node Map, node: &Node, key: &str) -> Option<&'node Node> {
        let found = map.get(key);
        if found.is_none() {
            self.reader.error(
                "missing-key",
                format!("the target needs `{key}`"),
                node.span.clone(),
            );
        }
        found
    }

    /// A text in a notation of its own. With a variable that has no value, the notation is checked with a stand-in.
    fn parsed<T>(
        &mut self,
        node: &Node,
        what: &str,
        code: &'static str,
        parse: impl Fn(&str) -> Result<T, Malformed>,
    ) -> Option<T> {
        let text = self.reader.name(node, what)?;
        let text = if self.unfilled.contains(&node.span) {
            stand_in(&text)
        } else {
            text
        };
        match parse(&text) {
            Ok(value) => Some(value),
            Err(Malformed(message)) => {
                self.reader.error(code, message, node.span.clone());
                None
            }
        }
    }

    /// A file or folder, beside the settings and never outside their folder.
    fn file(&mut self, node: &Node, what: &str) -> Option<FileName> {
        let written = self.reader.name(node, what)?;
        let unfilled = self.unfilled.contains(&node.span);
        let path = match self.root.find(&self.root.settings_file(), &written) {
            Ok(path) => path,
            Err(_) if unfilled => self.root.directory().join(&written),
            Err(error) => {
                let problem = Diagnostic::error("missing-file", error.to_string());
                let problem = problem.at(&self.reader.file, node.span.clone(), "");
                self.unusable.push(problem);
                self.root.directory().join(&written)
            }
        };
        Some(FileName { written, path })
    }

    fn revision(&mut self, map: &Map) -> CxRevision {
        let environment = map.get("environment");
        let Some(versions) = map.entry("flow_versions") else {
            let id = environment.and_then(|node| self.parsed(node, "`environment`", "bad-id", id));
            return id.map_or(CxRevision::Draft, CxRevision::Environment);
        };
        if environment.is_some() {
            let message = "`environment` and `flow_versions` exclude each other";
            self.reader
                .error("conflicting-keys", message, versions.key.span.clone());
        }
        let items = self
            .reader
            .list(&versions.value, "`flow_versions`")
            .unwrap_or_default();
        let versions = items
            .iter()
            .filter_map(|node| self.parsed(node, "a flow version", "bad-resource-name", flow_version))
            .collect();
        CxRevision::FlowVersions(versions)
    }

    fn api_version(&mut self, map: &Map) -> ApiVersion {
        let Some(node) = map.get("api_version") else {
            return ApiVersion::default();
        };
        match self.reader.text(node, "`api_version`").as_deref() {
            Some("v3beta1") => ApiVersion::V3Beta1,
            Some("v3") | None => ApiVersion::V3,
            Some(other) => {
                let known = ["v3", "v3beta1"];
                self.reader.unknown(
                    other,
                    node.span.clone(),
                    "unknown-value",
                    "there is no API version",
                    &known,
                );
                ApiVersion::V3
            }
        }
    }

    fn endpoint(&mut self, map: &Map) -> Option<Endpoint> {
        self.parsed(
            map.get("endpoint")?,
            "`endpoint`",
            "bad-endpoint",
            Endpoint::parse,
        )
    }

    fn via(&mut self, node: &Node, target: &Target) -> Option<Via> {
        const CX: &[(&str, Via)] = &[
            ("detect", Via::Detect),
            ("server_stream", Via::ServerStream),
            ("stream", Via::Stream),
            ("match_then_fulfill", Via::MatchThenFulfill),
        ];
        const CES: &[(&str, Via)] = &[("run", Via::Run), ("stream", Via::Stream), ("bidi", Via::Bidi)];
        let (known, complaint) = match target.service() {
            Service::Cx => (CX, "a cx target's turns cannot go via"),
            Service::Ces => (CES, "a ces target's turns cannot go via"),
        };
        let text = self.reader.text(node, "`via`")?;
        let found = known.iter().find(|(name, _)| *name == text);
        if found.is_none() {
            let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
            self.reader
                .unknown(&text, node.span.clone(), "unknown-value", complaint, &names);
        }
        found.map(|(_, via)| *via)
    }
}

/// A rate such as `600/min`.
pub(in crate::settings) fn read_rate(reader: &mut Reader, node: &Node) -> Option<Rate> {
    let text = reader.text(node, "`rate`")?;
    match text.parse() {
        Ok(rate) => Some(rate),
        Err(message) => {
            reader.error("bad-rate", message, node.span.clone());
            None
        }
    }
}

fn clock(reader: &mut Reader, node: &Node) -> Option<DateTime<FixedOffset>> {
    let text = reader.text(node, "`clock`")?;
    let clock = DateTime::parse_from_rfc3339(&text).ok();
    if clock.is_none() {
        let message = format!("`clock` must be a time such as `2026-03-01T09:00:00Z`, not `{text}`");
        reader.error("bad-time", message, node.span.clone());
    }
    clock
}

fn id(text: &str) -> Result<String, Malformed> {
    let shown = text.rsplit_once('/').map_or(text, |(_, last)| last);
    if is_segment(text) {
        Ok(text.to_owned())
    } else {
        Err(Malformed(format!("an id is wanted, such as `{shown}`")))
    }
}

/// `FLOW/VERSION`, or a whole resource name that ends in `flows/FLOW/versions/VERSION`.
fn flow_version(text: &str) -> Result<String, Malformed> {
    let segments: Vec<&str> = text.split('/').collect();
    let good = match segments[..] {
        [flow, version] => is_segment(flow) && is_segment(version),
        [.., "flows", flow, "versions", version] => {
            let agent = segments[..segments.len() - 4].join("/");
            agent.parse::<AgentName>().is_ok() && is_segment(flow) && is_segment(version)
        }
        _ => false,
    };
    if good {
        return Ok(text.to_owned());
    }
    Err(Malformed(
        "a flow version is `FLOW/VERSION`, or its whole resource name".to_owned(),
    ))
}

/// `projects/${PROJECT}/…` with something in place of the variable.
fn stand_in(text: &str) -> String {
    let mut result = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        result.push_str(STAND_IN);
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    result.push_str(rest);
    result
}
