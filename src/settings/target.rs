//! The targets: agents that suites can be played against.

use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset};

use super::rate::{Quota, Rate};
use crate::diagnostic::{Diagnostic, SourceFile};
use crate::model::endpoint::{CredentialPolicy, Endpoint, Protocol, ProxyAddress};
use crate::model::resource::{AgentName, AppName};
use crate::model::suite::{ApiVersion, AudioSettings, Service, Via};

pub use read::TargetEntry;
pub(super) use read::{read_rate, read_targets};

mod protocol;
mod read;
mod sound;

/// An agent that suites can be played against.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its name in the settings.
    pub name: String,
    /// Where it stands, for messages.
    pub place: Place,
    /// Most requests it may get.
    pub rate: Option<Rate>,
    /// What else its service allows.
    pub quota: Quota,
    /// The RPC that carries turns which say nothing else.
    pub via: Option<Via>,
    /// What is spoken on the way to it.
    pub protocol: Protocol,
    /// How it is sent sound.
    pub audio: AudioSettings,
    /// What answers.
    pub kind: TargetKind,
}

/// What answers.
#[derive(Debug, Clone)]
pub enum TargetKind {
    /// The embedded emulator.
    Emulator(EmulatorTarget),
    /// Dialogflow CX.
    Cx(CxTarget),
    /// CES.
    Ces(CesTarget),
}

/// An agent served by the embedded emulator.
#[derive(Debug, Clone)]
pub struct EmulatorTarget {
    /// What is served.
    pub served: Served,
    /// The time at which every turn happens, unless a conversation has its own.
    pub clock: Option<DateTime<FixedOffset>>,
    /// The seed of what is chosen at random.
    pub seed: Option<u64>,
    /// Added to every answer.
    pub latency: Option<Duration>,
    /// The version of the CX API that the client speaks; without meaning for an app.
    pub api_version: ApiVersion,
}

/// What an emulator serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Served {
    /// An exported CX agent: folder or zip.
    Agent(FileName),
    /// A scripted CES app: a YAML file.
    App(FileName),
}

/// A live CX agent.
#[derive(Debug, Clone)]
pub struct CxTarget {
    /// Its resource name.
    pub agent: AgentName,
    /// Its export: maps names to ids.
    pub export: Option<FileName>,
    /// What is talked to: a draft, an environment or versions.
    pub revision: CxRevision,
    /// The version of the API.
    pub api_version: ApiVersion,
    /// Another server than the location's own.
    pub endpoint: Option<Endpoint>,
    /// Who asks.
    pub credentials: Credentials,
    /// Which way leads there.
    pub access: Access,
}

/// Which revision of a CX agent answers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum CxRevision {
    /// The draft.
    #[default]
    Draft,
    /// An environment, by id.
    Environment(String),
    /// Flow versions: resource names, or `FLOW/VERSION` ids.
    FlowVersions(Vec<String>),
}

/// A live CES app.
#[derive(Debug, Clone)]
pub struct CesTarget {
    /// Its resource name.
    pub app: AppName,
    /// The deployment, by id; the app's draft otherwise.
    pub deployment: Option<String>,
    /// Another server than the location's own.
    pub endpoint: Option<Endpoint>,
    /// Who asks.
    pub credentials: Credentials,
    /// Which way leads there.
    pub access: Access,
}

/// Who asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Credentials {
    /// Application Default Credentials.
    #[default]
    ApplicationDefault,
    /// Nobody in particular: nothing is sent.
    None,
    /// A credentials file.
    File(PathBuf),
    /// The text of such a file, from a variable.
    Json(Secret),
    /// A bearer token from a variable.
    Token(Secret),
}

/// The way to a live service, as far as the settings say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Access {
    /// The domain that the service's host stands in, if not Google's.
    pub universe_domain: Option<String>,
    /// The project whose quota is used, if not the agent's own.
    pub quota_project: Option<String>,
    /// Who vouches for the server, and what we prove ourselves with.
    pub tls: TlsFiles,
    /// The proxy that leads there.
    pub proxy: ProxyChoice,
}

/// Files of certificates and keys, in PEM.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificates of those who vouch for the server; those that the machine trusts otherwise.
    pub authorities: Option<PathBuf>,
    /// The client certificate and its key.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// Which proxy leads to a service.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ProxyChoice {
    /// The one of the environment, if it has one.
    #[default]
    Environment,
    /// None.
    None,
    /// This one.
    Address(ProxyAddress),
}

/// A secret that no message shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A file or folder of the user's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    /// As it stands in the settings.
    pub written: String,
    /// Absolute, with links resolved.
    pub path: PathBuf,
}

/// A place in the settings file.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file.
    pub file: Arc<SourceFile>,
    /// Bytes of it.
    pub span: Range<usize>,
}

impl Secret {
    pub(super) fn new(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The secret itself.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(crate::redact::PLACEHOLDER)
    }
}

impl Target {
    /// The service that its agent speaks.
    pub fn service(&self) -> Service {
        match &self.kind {
            TargetKind::Cx(_) => Service::Cx,
            TargetKind::Ces(_) => Service::Ces,
            TargetKind::Emulator(emulator) => emulator.served.service(),
        }
    }

    /// What answers, as settings and reports name it: `emulator`, `cx` or `ces`.
    pub fn backend(&self) -> &'static str {
        match &self.kind {
            TargetKind::Emulator(_) => "emulator",
            TargetKind::Cx(_) => Service::Cx.name(),
            TargetKind::Ces(_) => Service::Ces.name(),
        }
    }

    /// The export that knows the agent's names, if there is one: an emulated agent is its own.
    pub fn export(&self) -> Option<&FileName> {
        match &self.kind {
            TargetKind::Emulator(EmulatorTarget {
                served: Served::Agent(file),
                ..
            }) => Some(file),
            TargetKind::Cx(target) => target.export.as_ref(),
            _ => None,
        }
    }

    /// The file that the agent is known from: its export, or the script of an emulated app.
    pub fn agent_file(&self) -> Option<&FileName> {
        match &self.kind {
            TargetKind::Emulator(EmulatorTarget {
                served: Served::App(file),
                ..
            }) => Some(file),
            _ => self.export(),
        }
    }

    /// The time at which the agent lives, if not now: that of an emulator.
    pub fn clock(&self) -> Option<DateTime<FixedOffset>> {
        match &self.kind {
            TargetKind::Emulator(emulator) => emulator.clock,
            TargetKind::Cx(_) | TargetKind::Ces(_) => None,
        }
    }

    /// The problem of credentials that would leave for a host which nobody vouched for, or only the settings did.
    pub fn credentials_problem(&self, policy: &CredentialPolicy) -> Option<Diagnostic> {
        let (location, given, credentials, access) = match &self.kind {
            TargetKind::Cx(cx) => (cx.agent.location(), &cx.endpoint, &cx.credentials, &cx.access),
            TargetKind::Ces(ces) => (ces.app.location(), &ces.endpoint, &ces.credentials, &ces.access),
            TargetKind::Emulator(_) => return None,
        };
        let universe = access.universe_domain.as_deref().unwrap_or(&policy.universe);
        let endpoint = match given {
            Some(endpoint) => endpoint.clone(),
            None => Endpoint::of_service(self.service(), location, universe).ok()?,
        };
        let own_authorities = access.tls.authorities.is_some();
        let permitted = policy.permits_over(&endpoint, own_authorities);
        if *credentials == Credentials::None || permitted {
            return None;
        }
        let host = endpoint.host();
        let why = if own_authorities && endpoint.is_encrypted() {
            ", on the word of authorities that the settings bring along"
        } else {
            ""
        };
        let message = format!("target `{}` would send credentials to `{host}`{why}", self.name);
        let problem =
            Diagnostic::error("credentials-host", message).at(&self.place.file, self.place.span.clone(), "");
        Some(
            problem
                .help("for a server that wants none, write `credentials: none`")
                .help(format!(
                    "if it may have them, add `--allow-credentials-to {host}`"
                )),
        )
    }
}

impl Served {
    /// The service that it speaks.
    pub fn service(&self) -> Service {
        match self {
            Self::Agent(_) => Service::Cx,
            Self::App(_) => Service::Ces,
        }
    }
}
