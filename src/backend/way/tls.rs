//! Certificates and keys, as files or texts in PEM: read, checked, and made into what the TLS library wants.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, InconsistentKeys, RootCertStore};

use super::impossible;
use crate::backend::{BackendError, machine_file};

/// How server and client prove who they are.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tls {
    /// Certificates (PEM) of those who vouch for the server, and nobody else; those that the machine trusts when
    /// `None`. They decide whether credentials may be sent: see [`CredentialPolicy::permits_by_name`].
    ///
    /// [`CredentialPolicy::permits_by_name`]: crate::model::endpoint::CredentialPolicy::permits_by_name
    pub authorities: Option<Vec<u8>>,
    /// What we show to a server that asks for a certificate.
    pub identity: Option<Identity>,
}

/// A client certificate and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The certificate, then those that lead from it to its authority (PEM).
    pub certificates: Vec<u8>,
    /// The certificate's private key (PEM, not encrypted).
    pub key: Vec<u8>,
}

impl Tls {
    /// Reads the authorities of a file.
    ///
    /// # Errors
    /// When the file cannot be read, or holds no certificate.
    pub fn read_authorities(path: &Path) -> Result<Vec<u8>, BackendError> {
        let what = format!("the authorities in {}", path.display());
        let pem = read(path, &what)?;
        certificates(&pem, &what)?;
        Ok(pem)
    }

    /// The settings of a TLS client that speaks these protocols (ALPN), the first being liked most.
    ///
    /// # Errors
    /// When there is nobody to vouch for servers, or the identity cannot be used.
    pub fn client_config(&self, protocols: &[&[u8]]) -> Result<ClientConfig, BackendError> {
        let mut roots = RootCertStore::empty();
        match &self.authorities {
            Some(pem) => {
                roots.add_parsable_certificates(certificates(pem, "the authorities")?);
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        if roots.is_empty() {
            return Err(impossible("there is no authority that could vouch for a server")
                .hint("install the system's CA certificates, or name a file: `tls: {authorities: FILE}`"));
        }
        let builder = builder()?.with_root_certificates(roots);
        let mut config = match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let (certificates, key) = identity.parts("the client certificate", "its key")?;
                builder
                    .with_client_auth_cert(certificates, key)
                    .map_err(|error| unfit(&error, "the client certificate"))?
            }
        };
        config.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        Ok(config)
    }
}

impl Identity {
    /// Reads a certificate and its key, which may be one file.
    ///
    /// # Errors
    /// When a file cannot be read, holds nothing of the kind, or the two do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, BackendError> {
        let certificate_named = format!("the client certificate {}", certificate.display());
        let key_named = format!("the key {}", key.display());
        let identity = Self {
            certificates: read(certificate, &certificate_named)?,
            key: read(key, &key_named)?,
        };
        identity.check(&certificate_named, &key_named)?;
        Ok(identity)
    }

    /// Refuses what no handshake could use; `certificate` and `key` are what messages call them.
    pub(super) fn check(&self, certificate: &str, key: &str) -> Result<(), BackendError> {
        let (certificates, private) = self.parts(certificate, key)?;
        builder()?
            .with_root_certificates(RootCertStore::empty())
            .with_client_auth_cert(certificates, private)
            .map(|_| ())
            .map_err(|error| unfit(&error, certificate))
    }

    fn parts(
        &self,
        certificate: &str,
        key: &str,
    ) -> Result<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>), BackendError> {
        let chain = certificates(&self.certificates, certificate)?;
        // The library's message could quote the file.
        let private = PrivateKeyDer::from_pem_slice(&self.key).map_err(|_| {
            impossible(format!("{key} holds no private key"))
                .hint("it is a PEM file with a `PRIVATE KEY` that is not encrypted")
        })?;
        Ok((chain, private))
    }
}

fn builder() -> Result<rustls::ConfigBuilder<ClientConfig, rustls::WantsVerifier>, BackendError> {
    let provider = CryptoProvider::get_default()
        .cloned()
        .unwrap_or_else(|| Arc::new(aws_lc_rs::default_provider()));
    ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| impossible(format!("TLS cannot be set up: {error}")))
}

/// Why a certificate and its key cannot be used.
fn unfit(error: &rustls::Error, certificate: &str) -> BackendError {
    match error {
        rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => {
            impossible(format!("{certificate} belongs to another key"))
                .hint("give the certificate that was issued for the key")
        }
        other => impossible(format!("{certificate} cannot be used: {other}")),
    }
}

fn certificates(pem: &[u8], what: &str) -> Result<Vec<CertificateDer<'static>>, BackendError> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        _ => Err(impossible(format!("{what}: there is no certificate"))
            .hint("it is a PEM file: `-----BEGIN CERTIFICATE-----` and so on")),
    }
}

fn read(path: &Path, what: &str) -> Result<Vec<u8>, BackendError> {
    machine_file::read(path).map_err(|error| impossible(format!("{what}: {error}")))
}

impl fmt::Debug for Tls {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Tls")
            .field("authorities", &self.authorities.is_some())
            .field("identity", &self.identity)
            .finish()
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Identity(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["client.example".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    fn write(folder: &Path, name: &str, text: &str) -> std::path::PathBuf {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    #[test]
    fn a_certificate_and_its_key_are_read_and_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let (certificate, key) = pair();
        let both = write(folder.path(), "both.pem", &format!("{certificate}{key}"));
        let certificate = write(folder.path(), "certificate.pem", &certificate);
        let key_file = write(folder.path(), "key.pem", &key);
        for (certificate, key_file) in [(&certificate, &key_file), (&both, &both)] {
            let identity = Identity::read(certificate, key_file).unwrap();
            let tls = Tls {
                authorities: Some(Tls::read_authorities(certificate).unwrap()),
                identity: Some(identity),
            };
            let config = tls.client_config(&[b"h2"]).unwrap();
            assert_eq!(config.alpn_protocols, [b"h2".to_vec()]);
            let shown = format!("{tls:?}");
            assert!(!shown.contains("BEGIN") && shown.len() < 100, "{shown}");
        }
    }

    #[test]
    fn what_is_none_is_refused_without_being_quoted() {
        let folder = tempfile::tempdir().unwrap();
        let ((certificate, key), (_, other)) = (pair(), pair());
        let certificate = write(folder.path(), "certificate.pem", &certificate);
        let key = write(folder.path(), "key.pem", &key);
        let other = write(folder.path(), "other.pem", &other);
        let none = write(folder.path(), "none.pem", "secret");
        let missing = folder.path().join("missing.pem");
        for (certificate, key, expected) in [
            (&certificate, &other, "belongs to another key"),
            (&key, &key, "there is no certificate"),
            (&certificate, &certificate, "holds no private key"),
            (&certificate, &none, "holds no private key"),
            (&none, &key, "there is no certificate"),
            (&missing, &key, "missing.pem"),
        ] {
            let error = Identity::read(certificate, key).unwrap_err();
            assert!(error.message.contains(expected), "{error}");
            assert!(!error.message.contains("secret"), "{error}");
        }
        assert!(Tls::read_authorities(&key).is_err());
        assert!(Tls::read_authorities(&missing).is_err());
    }
}
