//! What the environment says of the way to Google's services, by the names that its own clients and curl go by.
//!
//! The process' environment itself is read by the command line, once; here is what the variables mean. They are the
//! user's, not the settings': settings may come from a stranger.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

use super::impossible;
use crate::backend::BackendError;
use crate::model::endpoint::{Endpoint, ProxyAddress};

/// The variables, as they were set.
#[derive(Clone, Default)]
pub struct Variables {
    https_proxy: Option<(&'static str, String)>,
    no_proxy: String,
    use_client_certificate: Option<String>,
    use_mtls_endpoint: Option<String>,
    certificate_config: Option<PathBuf>,
    cloud_sdk_folder: Option<PathBuf>,
    home: Option<PathBuf>,
    quota_project: Option<String>,
    application_credentials: Option<PathBuf>,
}

/// When the hosts for client certificates are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MtlsEndpoint {
    /// Never.
    Never,
    /// When there is a client certificate.
    Auto,
    /// Always.
    Always,
}

const USE_CLIENT_CERTIFICATE: &str = "GOOGLE_API_USE_CLIENT_CERTIFICATE";
const USE_MTLS_ENDPOINT: &str = "GOOGLE_API_USE_MTLS_ENDPOINT";
const CERTIFICATE_CONFIG: &str = "GOOGLE_API_CERTIFICATE_CONFIG";

impl Variables {
    /// Takes what is set, by a way to look a name up. Empty variables count as unset.
    pub fn read(lookup: impl Fn(&str) -> Option<OsString>) -> Self {
        let set = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let text = |name: &str| set(name).map(|value| value.to_string_lossy().trim().to_owned());
        let path = |name: &str| set(name).map(PathBuf::from);
        let proxies = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        Self {
            https_proxy: proxies
                .into_iter()
                .find_map(|name| text(name).map(|value| (name, value))),
            no_proxy: text("NO_PROXY").or_else(|| text("no_proxy")).unwrap_or_default(),
            use_client_certificate: text(USE_CLIENT_CERTIFICATE),
            use_mtls_endpoint: text(USE_MTLS_ENDPOINT),
            certificate_config: path(CERTIFICATE_CONFIG),
            cloud_sdk_folder: path("CLOUDSDK_CONFIG"),
            home: path(if cfg!(windows) { "APPDATA" } else { "HOME" }),
            quota_project: text("GOOGLE_CLOUD_QUOTA_PROJECT"),
            application_credentials: path("GOOGLE_APPLICATION_CREDENTIALS"),
        }
    }

    /// The proxy on the way to a server. Servers on this machine are never asked through one.
    ///
    /// # Errors
    /// When the variable holds no proxy's address.
    pub fn proxy(&self, endpoint: &Endpoint) -> Result<Option<ProxyAddress>, BackendError> {
        let Some((name, value)) = &self.https_proxy else {
            return Ok(None);
        };
        if endpoint.is_loopback() || self.spares(endpoint) {
            return Ok(None);
        }
        let proxy = ProxyAddress::parse(value).map_err(|error| {
            impossible(format!("the variable {name}: {error}"))
                .hint("set it to the proxy's address, or write `proxy: none` in the target")
        })?;
        Ok(Some(proxy))
    }

    /// Whether `NO_PROXY` names the server, by curl's rules.
    fn spares(&self, endpoint: &Endpoint) -> bool {
        let rules = Matcher::builder()
            .all("http://proxy.invalid")
            .no(self.no_proxy.as_str())
            .build();
        let uri: Result<Uri, _> = endpoint.to_string().parse();
        uri.is_ok_and(|uri| rules.intercept(&uri).is_none())
    }

    /// Whether the machine's client certificate is used. As in Google's clients, a certificate configuration that is
    /// named counts as a yes when nothing else is said.
    ///
    /// # Errors
    /// When the variable is neither `true` nor `false`.
    pub fn uses_client_certificate(&self) -> Result<bool, BackendError> {
        match self.use_client_certificate.as_deref() {
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(impossible(format!(
                "the variable {USE_CLIENT_CERTIFICATE} is neither `true` nor `false`"
            ))),
            None => Ok(self.certificate_config.is_some()),
        }
    }

    /// When the hosts for client certificates are asked.
    ///
    /// # Errors
    /// When the variable is none of `never`, `auto` and `always`.
    pub fn mtls_endpoint(&self) -> Result<MtlsEndpoint, BackendError> {
        match self.use_mtls_endpoint.as_deref() {
            Some("never") => Ok(MtlsEndpoint::Never),
            Some("auto") | None => Ok(MtlsEndpoint::Auto),
            Some("always") => Ok(MtlsEndpoint::Always),
            Some(_) => Err(impossible(format!(
                "the variable {USE_MTLS_ENDPOINT} is none of `never`, `auto` and `always`"
            ))),
        }
    }

    /// The project whose quota is used, where the target names none.
    pub fn quota_project(&self) -> Option<&str> {
        self.quota_project.as_deref()
    }

    /// The file of Application Default Credentials, if there is one, and whether it was named; the machine's metadata
    /// server is asked otherwise.
    pub fn application_credentials(&self) -> Option<(PathBuf, bool)> {
        if let Some(named) = &self.application_credentials {
            return Some((named.clone(), true));
        }
        // google-cloud-auth looks here, whatever CLOUDSDK_CONFIG says.
        let usual = self.gcloud_folder_below_home()?;
        let usual = usual.join("application_default_credentials.json");
        usual.is_file().then_some((usual, false))
    }

    /// The certificate configuration: the one that is named, else that of gcloud.
    pub(super) fn certificate_config(&self) -> Option<PathBuf> {
        let folder = || {
            self.cloud_sdk_folder
                .clone()
                .or_else(|| self.gcloud_folder_below_home())
        };
        self.certificate_config
            .clone()
            .or_else(|| Some(folder()?.join("certificate_config.json")))
    }

    /// The certificate configuration was named, so that it must be there.
    pub(super) fn names_certificate_config(&self) -> bool {
        self.certificate_config.is_some()
    }

    /// What Endpoint Verification leaves on managed machines.
    pub(super) fn context_aware_metadata(&self) -> Option<PathBuf> {
        let home: &Path = self.home.as_deref()?;
        Some(home.join(".secureConnect").join("context_aware_metadata.json"))
    }

    fn gcloud_folder_below_home(&self) -> Option<PathBuf> {
        let home = self.home.as_deref()?;
        Some(if cfg!(windows) {
            home.join("gcloud")
        } else {
            home.join(".config").join("gcloud")
        })
    }
}

impl fmt::Debug for Variables {
    /// Nothing of their values: a proxy's address may hold a password.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Variables(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(set: &[(&str, &str)]) -> Variables {
        Variables::read(|name| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        })
    }

    fn endpoint(host: &str) -> Endpoint {
        Endpoint::parse(&format!("https://{host}")).unwrap()
    }

    #[test]
    fn the_proxy_is_that_for_encrypted_requests() {
        let google = endpoint("dialogflow.googleapis.com");
        for (set, expected) in [
            (&[][..], None),
            (&[("HTTPS_PROXY", "http://one:1")], Some("one:1")),
            (&[("https_proxy", "one:1")], Some("one:1")),
            (&[("HTTPS_PROXY", "one:1"), ("ALL_PROXY", "two:2")], Some("one:1")),
            (&[("HTTPS_PROXY", ""), ("all_proxy", "two:2")], Some("two:2")),
            (&[("HTTP_PROXY", "three:3")], None),
        ] {
            let found = variables(set).proxy(&google).unwrap();
            assert_eq!(
                found.map(|proxy| proxy.to_string()).as_deref(),
                expected,
                "{set:?}"
            );
        }
    }

    #[test]
    fn some_servers_are_asked_without_it() {
        for (no_proxy, host, spared) in [
            ("", "dialogflow.googleapis.com", false),
            ("googleapis.com", "dialogflow.googleapis.com", true),
            (".googleapis.com, other", "dialogflow.googleapis.com", true),
            ("ces.googleapis.com", "dialogflow.googleapis.com", false),
            ("*", "dialogflow.googleapis.com", true),
            ("10.0.0.0/8", "10.1.2.3", true),
            ("10.0.0.0/8", "11.1.2.3", false),
            ("", "127.0.0.1", true),
            ("", "localhost", true),
        ] {
            let set = [("HTTPS_PROXY", "proxy:1"), ("NO_PROXY", no_proxy)];
            let found = variables(&set).proxy(&endpoint(host)).unwrap();
            assert_eq!(found.is_none(), spared, "{no_proxy} {host}");
        }
    }

    #[test]
    fn a_proxy_that_is_none_is_named_by_its_variable_alone() {
        let set = [("HTTPS_PROXY", "https://me:secret@proxy:1")];
        let error = variables(&set)
            .proxy(&endpoint("ces.googleapis.com"))
            .unwrap_err();
        assert!(
            error.message.contains("HTTPS_PROXY") && error.hint.is_some(),
            "{error}"
        );
        assert!(!format!("{error:?} {:?}", variables(&set)).contains("secret"));
    }

    #[test]
    fn googles_variables_mean_what_they_mean_to_its_clients() {
        for (set, expected) in [
            (&[][..], Some(false)),
            (&[(USE_CLIENT_CERTIFICATE, "true")], Some(true)),
            (&[(USE_CLIENT_CERTIFICATE, "yes")], None),
            (&[(CERTIFICATE_CONFIG, "c.json")], Some(true)),
            (
                &[(CERTIFICATE_CONFIG, "c.json"), (USE_CLIENT_CERTIFICATE, "false")],
                Some(false),
            ),
        ] {
            assert_eq!(variables(set).uses_client_certificate().ok(), expected, "{set:?}");
        }
        for (value, expected) in [
            ("", Some(MtlsEndpoint::Auto)),
            ("auto", Some(MtlsEndpoint::Auto)),
            ("never", Some(MtlsEndpoint::Never)),
            ("always", Some(MtlsEndpoint::Always)),
            ("sometimes", None),
        ] {
            let found = variables(&[(USE_MTLS_ENDPOINT, value)]).mtls_endpoint();
            assert_eq!(found.ok(), expected, "{value}");
        }
    }

    #[test]
    fn the_files_of_gcloud_are_found_below_home() {
        let home = tempfile::tempdir().unwrap();
        let text = home.path().to_str().unwrap();
        let nothing = variables(&[("HOME", text), ("APPDATA", text)]);
        assert_eq!(nothing.application_credentials(), None);
        let folder = nothing.gcloud_folder_below_home().unwrap();
        std::fs::create_dir_all(&folder).unwrap();
        let usual = folder.join("application_default_credentials.json");
        std::fs::write(&usual, "{}").unwrap();
        assert_eq!(nothing.application_credentials(), Some((usual, false)));
        let named = variables(&[("HOME", text), ("GOOGLE_APPLICATION_CREDENTIALS", "key.json")]);
        assert_eq!(named.application_credentials(), Some(("key.json".into(), true)));
    }
}
