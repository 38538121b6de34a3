//! Goes to a target step by step, and says of each step what is right, or wrong and how to mend it.
//!
//! Everything up to the handshake is found out without asking the service for anything. Permission, agent and quota
//! show themselves in one turn, which is the only one, and is left out on request: the services' session APIs have no
//! call that would tell them apart and cost nothing.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::join_all;

use super::{Means, access, make_one_ready};
use crate::backend::auth;
use crate::backend::call::Connection;
use crate::backend::error::BackendErrorKind;
use crate::backend::way::probe::{self, Answered};
use crate::backend::{Backend, BackendError, SessionStart, Take, Title, TurnInput, TurnRequest};
use crate::model::endpoint::Protocol;
use crate::model::examination::{Examination, Examined, State, Step};
use crate::model::suite::{Input, Service, Start};
use crate::model::transcript::AgentReply;
use crate::redact::{Redactor, shorten};
use crate::settings::target::{Credentials, Served, Target, TargetKind};

/// The turn may take so long.
const TURN_TIMEOUT: Duration = Duration::from_secs(30);
/// What the agent said is shown up to here, in characters.
const SHOWN: usize = 60;

/// Examines targets, all at the same time; the order stays. Must run within a tokio runtime.
///
/// `say` is what the one turn says; without it there is none. Only what is shown in part is redacted here.
pub async fn examine(
    targets: &[&Target],
    means: &Means,
    say: Option<&str>,
    redactor: &Redactor,
) -> Vec<Examination> {
    let examined = targets.iter().map(|target| async {
        let mut doctor = Doctor {
            target,
            redactor,
            steps: Vec::new(),
        };
        doctor.examine(means, say).await;
        doctor.finish()
    });
    join_all(examined).await
}

/// The examination of a target that cannot be used as the settings have it, with the first problem.
pub fn unusable(name: &str, target: Option<&Target>, problem: &str, hint: Option<&str>) -> Examination {
    Examination {
        target: name.to_owned(),
        backend: target.map_or("", Target::backend),
        subject: target.map(subject).unwrap_or_default(),
        steps: vec![Examined {
            step: Step::Settings,
            state: State::Bad,
            found: problem.to_owned(),
            hint: hint.map(str::to_owned),
        }],
    }
}

struct Doctor<'a> {
    target: &'a Target,
    redactor: &'a Redactor,
    steps: Vec<Examined>,
}

impl Doctor<'_> {
    async fn examine(&mut self, means: &Means, say: Option<&str>) {
        let connection = match access::connection(self.target, means).await {
            Ok(connection) => connection,
            Err(error) => return self.bad(Step::Settings, &error),
        };
        let backend = make_one_ready(self.target, means).await.backend;
        if let Err(error) = &backend
            && !error.is_auth()
        {
            return self.bad(Step::Settings, error);
        }
        self.good(Step::Settings, settings_found(self.target, connection.as_ref()));
        if let Some(connection) = &connection {
            self.way(connection, means).await;
        }
        match (backend, say) {
            _ if self.is_bad() => {}
            (Ok(backend), Some(say)) => {
                let asked = Instant::now();
                let answered = turn(backend.as_ref(), say).await;
                self.turn(answered, asked.elapsed());
            }
            (_, None) => self.rest("no turn was asked for"),
            (Err(error), Some(_)) => self.bad(Step::Credentials, &error),
        }
        self.rest("not reached");
    }

    /// The way to a live service, as far as it goes without a call.
    async fn way(&mut self, connection: &Connection, means: &Means) {
        match probe::token(connection).await {
            Ok(()) => {
                let found = credentials_found(self.target, connection, means);
                self.good(Step::Credentials, found);
            }
            Err(mut error) => {
                let default = connection.credentials == auth::Credentials::ApplicationDefault;
                if default && means.variables.application_credentials().is_none() {
                    let asked = "there is no file of them, so the metadata server of this machine was asked";
                    error.message = format!("{}; {asked}", error.message);
                }
                self.bad(Step::Credentials, &error);
            }
        }
        match endpoint_found(connection).await {
            Ok(found) => self.good(Step::Endpoint, found),
            Err(error) => return self.bad(Step::Endpoint, &error),
        }
        match probe::greet(&connection.endpoint, &connection.way, self.target.protocol).await {
            Ok(answered) => self.good(
                Step::Handshake,
                handshake_found(&answered, connection, self.target.protocol),
            ),
            Err(error) => self.bad(Step::Handshake, &error),
        }
    }

    /// What the one turn says of permission, agent and quota.
    fn turn(&mut self, answered: Result<Box<AgentReply>, BackendError>, took: Duration) {
        let subject = self.subject_step();
        let live = !matches!(self.target.kind, TargetKind::Emulator(_));
        let error = match answered {
            Ok(reply) => {
                if live {
                    self.good(Step::Permission, "the service lets the account in".to_owned());
                }
                self.good(subject, answer_found(&reply, took, self.redactor));
                if live {
                    self.good(Step::Quota, "there was enough for a turn".to_owned());
                }
                return;
            }
            Err(error) => error,
        };
        match error.kind {
            BackendErrorKind::Auth => self.bad(Step::Permission, &error),
            BackendErrorKind::Quota => {
                self.good(Step::Permission, "the service lets the account in".to_owned());
                self.unknown(subject, "the quota was used up before it was asked");
                self.bad(Step::Quota, &error);
            }
            BackendErrorKind::Request if live => {
                self.good(Step::Permission, "the service lets the account in".to_owned());
                self.bad(subject, &error);
            }
            _ => {
                if live {
                    self.unknown(Step::Permission, "the service did not say");
                }
                self.bad(subject, &error);
            }
        }
    }

    fn subject_step(&self) -> Step {
        match self.target.service() {
            Service::Cx => Step::Agent,
            Service::Ces => Step::App,
        }
    }

    fn is_bad(&self) -> bool {
        self.steps.iter().any(|examined| examined.state == State::Bad)
    }

    fn has(&self, step: Step) -> bool {
        self.steps.iter().any(|examined| examined.step == step)
    }

    /// Says of the steps that nobody looked at why.
    fn rest(&mut self, why: &str) {
        let live = [
            Step::Endpoint,
            Step::Handshake,
            Step::Permission,
            self.subject_step(),
            Step::Quota,
        ];
        let emulated = [self.subject_step()];
        let all: &[Step] = match self.target.kind {
            TargetKind::Emulator(_) => &emulated,
            TargetKind::Cx(_) | TargetKind::Ces(_) => &live,
        };
        for step in all {
            if !self.has(*step) {
                self.unknown(*step, why);
            }
        }
    }

    fn good(&mut self, step: Step, found: String) {
        self.push(step, State::Good, found, None);
    }

    fn unknown(&mut self, step: Step, why: &str) {
        self.push(step, State::Unknown, why.to_owned(), None);
    }

    fn bad(&mut self, step: Step, error: &BackendError) {
        self.push(step, State::Bad, error.message.clone(), error.hint.clone());
    }

    fn push(&mut self, step: Step, state: State, found: String, hint: Option<String>) {
        self.steps.push(Examined {
            step,
            state,
            found,
            hint,
        });
    }

    fn finish(mut self) -> Examination {
        self.steps.sort_by_key(|examined| examined.step);
        Examination {
            target: self.target.name.clone(),
            backend: self.target.backend(),
            subject: subject(self.target),
            steps: self.steps,
        }
    }
}

/// The agent or app, as the settings name it.
fn subject(target: &Target) -> String {
    match &target.kind {
        TargetKind::Cx(cx) => cx.agent.to_string(),
        TargetKind::Ces(ces) => ces.app.to_string(),
        TargetKind::Emulator(emulator) => match &emulator.served {
            Served::Agent(file) | Served::App(file) => file.written.clone(),
        },
    }
}

async fn turn(backend: &dyn Backend, say: &str) -> Result<Box<AgentReply>, BackendError> {
    let start = SessionStart {
        session_id: uuid::Uuid::new_v4().to_string(),
        start: Start::default(),
        stubs: Arc::default(),
        take: Take {
            conversation: Arc::new(Title::default()),
            clock: chrono::Utc::now().fixed_offset(),
            ..Take::default()
        },
    };
    let request = TurnRequest {
        input: TurnInput::User(Input::Say(say.to_owned())),
        with: Arc::default(),
        via: None,
        timeout: TURN_TIMEOUT,
        want_raw: false,
    };
    let mut session = backend.open(start).await?;
    session.play(request).await.map_err(|failed| failed.error)
}

fn settings_found(target: &Target, connection: Option<&Connection>) -> String {
    let mut facts = Vec::new();
    match &target.kind {
        TargetKind::Emulator(_) => facts.push("the emulator has loaded it".to_owned()),
        TargetKind::Cx(_) | TargetKind::Ces(_) => facts.push("they can be used".to_owned()),
    }
    if let Some(connection) = connection {
        let tls = &connection.way.tls;
        if tls.authorities.is_some() {
            facts.push("authorities of their own".to_owned());
        }
        if tls.identity.is_some() {
            facts.push("a client certificate".to_owned());
        }
        if let Some(proxy) = &connection.way.proxy {
            facts.push(format!("a proxy at {proxy}"));
        }
    }
    if let Some(export) = target.export().filter(|_| connection.is_some()) {
        facts.push(format!("the export {}", export.written));
    }
    facts.join(", ")
}

fn credentials_found(target: &Target, connection: &Connection, means: &Means) -> String {
    let credentials = match &target.kind {
        TargetKind::Cx(cx) => &cx.credentials,
        TargetKind::Ces(ces) => &ces.credentials,
        TargetKind::Emulator(_) => &Credentials::None,
    };
    let whom = probe::describe(&connection.credentials);
    let found = match credentials {
        Credentials::None => "none are sent".to_owned(),
        Credentials::Token(_) => {
            "the token of the variable; only the service can tell whether it holds".to_owned()
        }
        Credentials::Json(_) => match whom {
            Some(whom) => format!("{whom}, of the variable; a token was made"),
            None => "a token was made".to_owned(),
        },
        Credentials::File(path) => match whom {
            Some(whom) => format!("{whom}, of {}; a token was made", path.display()),
            None => "a token was made".to_owned(),
        },
        Credentials::ApplicationDefault => {
            let source = match means.variables.application_credentials() {
                Some((path, named)) => {
                    let file = auth::Credentials::File(path.clone());
                    let whom = probe::describe(&file).unwrap_or_else(|| "credentials".to_owned());
                    let by = if named {
                        "GOOGLE_APPLICATION_CREDENTIALS"
                    } else {
                        "gcloud"
                    };
                    format!("{whom}, of {} ({by})", path.display())
                }
                None => "the account of this machine, from its metadata server".to_owned(),
            };
            format!("{source}; a token was made")
        }
    };
    match &connection.user_project {
        Some(project) => format!("{found}; quota of {project}"),
        None => found,
    }
}

async fn endpoint_found(connection: &Connection) -> Result<String, BackendError> {
    let (endpoint, way) = (&connection.endpoint, &connection.way);
    let at = if let Some(proxy) = &way.proxy {
        format!("through {proxy}")
    } else {
        match probe::addresses(endpoint).await?.as_slice() {
            [] => "nowhere".to_owned(),
            [only] => format!("at {only}"),
            [first, others @ ..] => format!("at {first} and {} more", others.len()),
        }
    };
    probe::reach(endpoint, way).await?;
    Ok(format!("{endpoint}, reached {at}"))
}

fn handshake_found(answered: &Answered, connection: &Connection, protocol: Protocol) -> String {
    let version = match protocol {
        Protocol::Grpc => "HTTP/2",
        Protocol::Rest | Protocol::WebSocket => "HTTP/1.1",
    };
    match answered {
        Answered::Plaintext => format!("{version} in plaintext, on this machine"),
        Answered::Encrypted(encryption) => {
            let tls = &connection.way.tls;
            let authorities = if tls.authorities.is_some() {
                "the target's own authorities"
            } else {
                "this machine's authorities"
            };
            format!("{encryption} and {version}; {authorities} vouch for the server")
        }
    }
}

fn answer_found(reply: &AgentReply, took: Duration, redactor: &Redactor) -> String {
    let text = reply.texts.iter().find(|text| !text.trim().is_empty());
    let said = match text {
        None => "it answered without a word".to_owned(),
        Some(text) => {
            let mut shown = redactor.text(text.trim()).into_owned();
            shorten(&mut shown, SHOWN);
            format!("it answered “{shown}”")
        }
    };
    format!("{said} in {} ms", took.as_millis())
}
