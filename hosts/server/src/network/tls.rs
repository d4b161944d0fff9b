//! TLS, with a certificate that is read again when its file changes.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use anyhow::{Context, bail};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;
use tokio_rustls::rustls::{ServerConfig, version};

use crate::watched::{Stamps, Watched};

/// The certificate that the server shows, and the files that it comes from.
pub struct Tls {
    certificate: PathBuf,
    key: PathBuf,
    shown: Arc<Shown>,
    seen: Stamps<2>,
    acceptor: TlsAcceptor,
}

/// The certificate for the next handshake.
#[derive(Debug)]
struct Shown(RwLock<Arc<CertifiedKey>>);

impl Tls {
    /// Reads a chain of certificates and its key, both as PEM.
    pub fn open(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> anyhow::Result<Self> {
        let (certificate, key) = (certificate.into(), key.into());
        let provider = Arc::new(ring::default_provider());
        // Before they are read: what is written meanwhile is seen at the next look.
        let seen = Stamps::of([&certificate, &key]);
        let shown = Arc::new(Shown(RwLock::new(Arc::new(read(&certificate, &key, &provider)?))));
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&version::TLS13, &version::TLS12])
            .context("TLS cannot be set up")?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&shown) as _);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self { certificate, key, shown, seen, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }

    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }
}

impl Watched for Tls {
    fn changed(&self) -> bool {
        self.seen.changed([&self.certificate, &self.key])
    }

    fn check(&self) -> anyhow::Result<()> {
        read(&self.certificate, &self.key, &ring::default_provider()).map(drop)
    }

    /// If they cannot be read, the certificate stays: a mistake in the files must not lock all clients out.
    fn reread(&self) {
        match read(&self.certificate, &self.key, &ring::default_provider()) {
            Ok(read) => {
                // The critical sections only move a pointer.
                *self.shown.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(read);
                tracing::info!("the certificate was read again");
            }
            Err(error) => tracing::error!(reason = format!("{error:#}"), "the certificate stays as it was"),
        }
    }
}

fn read(certificate: &Path, key: &Path, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let certificates = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("cannot read the certificates in `{}`", certificate.display()))?;
    if certificates.is_empty() {
        bail!("`{}` has no certificate; write the chain as PEM, the server's own first", certificate.display());
    }
    let shown = key.display();
    let key = PrivateKeyDer::from_pem_file(key).with_context(|| format!("cannot read the private key in `{shown}`"))?;
    let read = CertifiedKey::from_der(certificates, key, provider);
    read.with_context(|| {
        format!("the key in `{shown}` does not go with the certificates in `{}`", certificate.display())
    })
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").field("certificate", &self.certificate).field("key", &self.key).finish_non_exhaustive()
    }
}
