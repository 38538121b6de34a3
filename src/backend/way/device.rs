//! The client certificate of the machine, where Google's own clients find it: a certificate configuration with two
//! files, or the command that Endpoint Verification installs.
//!
//! Configurations that name a smart card or a key store are not read: what they hold cannot leave it.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::process::Command;
use tokio::time::timeout;

use super::impossible;
use super::tls::Identity;
use super::variables::Variables;
use crate::backend::machine_file::apart;
use crate::backend::{BackendError, machine_file};

/// The command asks nobody: it is there at once.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);

/// What the machine has to prove itself by.
enum Device {
    Nothing,
    Identity(Identity),
    /// The command of this file gives it.
    Command(PathBuf, Vec<String>),
}

/// The machine's certificate, if it is to be used and there is one.
///
/// # Errors
/// When a variable says neither yes nor no, or what should hold the certificate cannot be used.
pub async fn device_identity(variables: &Variables) -> Result<Option<Identity>, BackendError> {
    if !variables.uses_client_certificate()? {
        return Ok(None);
    }
    let variables = variables.clone();
    match apart("the machine's certificate", move || device(&variables)).await? {
        Device::Nothing => Ok(None),
        Device::Identity(identity) => Ok(Some(identity)),
        Device::Command(metadata, words) => of_command(&metadata, &words).await.map(Some),
    }
}

fn device(variables: &Variables) -> Result<Device, BackendError> {
    let config = variables
        .certificate_config()
        .filter(|config| config.is_file() || variables.names_certificate_config());
    let files = config.as_deref().map(of_config).transpose()?.flatten();
    if let Some((certificate, key)) = files {
        return Identity::read(&certificate, &key).map(Device::Identity);
    }
    match variables.context_aware_metadata() {
        Some(metadata) if metadata.is_file() => {
            let words = command(&metadata)?;
            Ok(Device::Command(metadata, words))
        }
        _ => Ok(Device::Nothing),
    }
}

/// The files that a certificate configuration names; `None` when it names a store instead.
fn of_config(path: &Path) -> Result<Option<(PathBuf, PathBuf)>, BackendError> {
    let json = json(path)?;
    let workload = &json["cert_configs"]["workload"];
    let file = |key: &str| workload[key].as_str().map(PathBuf::from);
    match (file("cert_path"), file("key_path")) {
        (Some(certificate), Some(key)) => Ok(Some((certificate, key))),
        (None, None) => Ok(None),
        _ => Err(impossible(format!(
            "the certificate configuration {} names only one of `cert_path` and `key_path`",
            path.display()
        ))),
    }
}

/// The command of a managed machine, and its arguments.
fn command(metadata: &Path) -> Result<Vec<String>, BackendError> {
    let json = json(metadata)?;
    let words = json["cert_provider_command"].as_array().into_iter().flatten();
    let words: Vec<String> = words.filter_map(Value::as_str).map(str::to_owned).collect();
    if words.is_empty() {
        let shown = metadata.display();
        return Err(impossible(format!("{shown} has no `cert_provider_command`")));
    }
    Ok(words)
}

/// What the command of a managed machine prints: a certificate and its key.
async fn of_command(metadata: &Path, words: &[String]) -> Result<Identity, BackendError> {
    let shown = metadata.display();
    let (program, arguments) = words
        .split_first()
        .ok_or_else(|| impossible(format!("{shown} names no command")))?;
    let command = Command::new(program)
        .args(arguments)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .output();
    let failed = |why: String| {
        impossible(format!("the command of {shown} gave no certificate: {why}")).hint(
            "is Endpoint Verification set up? GOOGLE_API_USE_CLIENT_CERTIFICATE=false goes without the certificate",
        )
    };
    let output = match timeout(COMMAND_TIMEOUT, command).await {
        Ok(Ok(output)) if output.status.success() => output.stdout,
        Ok(Ok(output)) => return Err(failed(output.status.to_string())),
        Ok(Err(error)) => return Err(failed(error.to_string())),
        Err(_) => return Err(failed("it did not end".to_owned())),
    };
    // One text holds both; each reader takes what is its own.
    let identity = Identity {
        certificates: output.clone(),
        key: output,
    };
    let named = format!("what the command of {shown} printed");
    identity.check(&named, &named)?;
    Ok(identity)
}

fn json(path: &Path) -> Result<Value, BackendError> {
    let shown = path.display();
    let text = machine_file::read(path)
        .map_err(|error| impossible(format!("the certificate configuration {shown}: {error}")))?;
    serde_json::from_slice(&text)
        .map_err(|_| impossible(format!("the certificate configuration {shown} is not JSON")))
}

#[cfg(test)]
mod tests {
    use std::ffi::OsString;

    use super::*;

    struct Machine(tempfile::TempDir);

    impl Machine {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let made = rcgen::generate_simple_self_signed(["device.example".to_owned()]).unwrap();
            let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
            write("certificate.pem", made.cert.pem());
            write("key.pem", made.signing_key.serialize_pem());
            Self(folder)
        }

        fn path(&self, name: &str) -> String {
            self.0.path().join(name).to_str().unwrap().to_owned()
        }

        fn write(&self, name: &str, json: &Value) {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, json.to_string()).unwrap();
        }

        async fn identity(&self, set: &[(&str, &str)]) -> Result<Option<Identity>, BackendError> {
            let home = self.path("");
            let variables = Variables::read(|name| {
                let found = set.iter().find(|(known, _)| *known == name);
                found
                    .map(|(_, value)| OsString::from(value))
                    .or_else(|| (name == "HOME" || name == "APPDATA").then(|| OsString::from(&home)))
            });
            device_identity(&variables).await
        }
    }

    const YES: (&str, &str) = ("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true");

    #[tokio::test]
    async fn a_configuration_names_two_files() {
        let machine = Machine::new();
        let workload = serde_json::json!({ "cert_configs": { "workload": {
            "cert_path": machine.path("certificate.pem"), "key_path": machine.path("key.pem"),
        } } });
        assert_eq!(machine.identity(&[YES]).await.unwrap(), None, "there is none yet");
        machine.write("named.json", &workload);
        let named = machine.path("named.json");
        let named = ("GOOGLE_API_CERTIFICATE_CONFIG", named.as_str());
        assert!(machine.identity(&[named]).await.unwrap().is_some());
        assert!(
            machine.identity(&[]).await.unwrap().is_none(),
            "nobody asked for it"
        );
        let no = ("GOOGLE_API_USE_CLIENT_CERTIFICATE", "false");
        assert!(machine.identity(&[named, no]).await.unwrap().is_none());
        machine.write("sdk/certificate_config.json", &workload);
        let folder = machine.path("sdk");
        let set = [YES, ("CLOUDSDK_CONFIG", folder.as_str())];
        assert!(machine.identity(&set).await.unwrap().is_some());
    }

    #[tokio::test]
    async fn a_configuration_that_cannot_be_used_says_so() {
        let machine = Machine::new();
        let named = machine.path("named.json");
        let set = [("GOOGLE_API_CERTIFICATE_CONFIG", named.as_str())];
        assert!(machine.identity(&set).await.is_err(), "it must be there");
        std::fs::write(&named, "no json").unwrap();
        assert!(
            machine
                .identity(&set)
                .await
                .unwrap_err()
                .message
                .contains("is not JSON")
        );
        machine.write(
            "named.json",
            &serde_json::json!({ "cert_configs": { "workload": { "cert_path": "x" } } }),
        );
        let error = machine.identity(&set).await.unwrap_err();
        assert!(error.message.contains("only one of"), "{error}");
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn the_command_of_a_managed_machine_prints_both() {
        let machine = Machine::new();
        let metadata = ".secureConnect/context_aware_metadata.json";
        let (certificate, key) = (machine.path("certificate.pem"), machine.path("key.pem"));
        machine.write(
            metadata,
            &serde_json::json!({ "cert_provider_command": ["cat", certificate, key] }),
        );
        assert!(machine.identity(&[YES]).await.unwrap().is_some());
        for (command, expected) in [
            (serde_json::json!(["false"]), "gave no certificate"),
            (serde_json::json!(["echo", "nothing"]), "there is no certificate"),
            (serde_json::json!([]), "has no `cert_provider_command`"),
        ] {
            machine.write(metadata, &serde_json::json!({ "cert_provider_command": command }));
            let error = machine.identity(&[YES]).await.unwrap_err();
            assert!(error.message.contains(expected), "{error}");
        }
    }
}
