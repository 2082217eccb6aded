//! TLS on one thread, both ends in this process: `tls SCALE bulk|full|resumed CERTIFICATE KEY`. What
//! bench/emilua/tls.lua does, with tokio-rustls.

use std::io;
use std::sync::Arc;
use std::time::Instant;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio_rustls::{TlsAcceptor, TlsConnector, client, server};

const BUFFER: usize = 65536;

fn process_cpu() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: `time` outlives the call, which only writes to it.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

struct Ends {
    listener: TcpListener,
    connector: TlsConnector,
    acceptor: TlsAcceptor,
}

impl Ends {
    async fn new(certificate: &str, key: &str) -> Self {
        let certificate = CertificateDer::from_pem_file(certificate).expect("certificate");
        let key = PrivateKeyDer::from_pem_file(key).expect("key");
        let mut roots = RootCertStore::empty();
        roots.add(certificate.clone()).expect("root");
        let client = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let server = ServerConfig::builder().with_no_client_auth().with_single_cert(vec![certificate], key);
        Self {
            listener: TcpListener::bind(("127.0.0.1", 0)).await.expect("listener"),
            connector: TlsConnector::from(Arc::new(client)),
            acceptor: TlsAcceptor::from(Arc::new(server.expect("server"))),
        }
    }

    async fn connect(&self, name: String) -> io::Result<client::TlsStream<TcpStream>> {
        let socket = TcpStream::connect(self.listener.local_addr()?).await?;
        socket.set_nodelay(true)?;
        self.connector.connect(ServerName::try_from(name).expect("name"), socket).await
    }

    async fn accept(&self) -> io::Result<server::TlsStream<TcpStream>> {
        let (socket, _) = self.listener.accept().await?;
        socket.set_nodelay(true)?;
        self.acceptor.accept(socket).await
    }
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), count: usize) -> io::Result<()> {
    let buffer = vec![0x55; BUFFER];
    for _ in 0..count {
        stream.write_all(&buffer).await?;
    }
    stream.flush().await
}

async fn receive(stream: &mut (impl AsyncRead + Unpin), count: usize) -> io::Result<()> {
    let mut buffer = vec![0; BUFFER];
    let mut left = count * BUFFER;
    while left > 0 {
        let wanted = left.min(BUFFER);
        left -= stream.read(&mut buffer[..wanted]).await?;
    }
    Ok(())
}

async fn bulk(ends: &Ends, scale: f64) -> io::Result<()> {
    let (client, server) = tokio::join!(ends.connect("a.bench.test".into()), ends.accept());
    let (mut client, mut server) = (client?, server?);
    let count = 1 + (16384.0 * scale) as usize;
    for warm in [true, false] {
        let count = if warm { count / 10 } else { count };
        let start = process_cpu();
        let (sent, received) = tokio::join!(send(&mut client, count), receive(&mut server, count));
        sent.and(received)?;
        let (sent, received) = tokio::join!(send(&mut server, count), receive(&mut client, count));
        sent.and(received)?;
        if !warm {
            let gib = 2.0 * (count * BUFFER) as f64 / (1u64 << 30) as f64;
            println!("cpu_s_per_gib {}", (process_cpu() - start) / gib);
        }
    }
    Ok(())
}

async fn handshakes(ends: &Ends, count: usize, first: usize, resumed: bool) -> io::Result<()> {
    for i in first..first + count {
        let name = if resumed { "a.bench.test".to_owned() } else { format!("n{i}.bench.test") };
        let client = async {
            let mut stream = ends.connect(name).await?;
            // The tickets come with the data.
            stream.read_u8().await
        };
        let server = async { ends.accept().await?.write_all(b"x").await };
        let (read, written) = tokio::join!(client, server);
        read?;
        written?;
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let arguments: Vec<_> = std::env::args().collect();
    let [_, scale, mode, certificate, key] = &arguments[..] else {
        panic!("usage: tls SCALE bulk|full|resumed CERTIFICATE KEY");
    };
    let scale: f64 = scale.parse().expect("scale");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let ends = Ends::new(certificate, key).await;
        if mode == "bulk" {
            return bulk(&ends, scale).await;
        }
        let count = 1 + (4000.0 * scale) as usize;
        let resumed = mode == "resumed";
        handshakes(&ends, count / 10 + 1, 0, resumed).await?;
        let start = Instant::now();
        handshakes(&ends, count, count, resumed).await?;
        println!("per_s {}", count as f64 / start.elapsed().as_secs_f64());
        Ok(())
    })
}
