//! UDP echo on one thread, one socket. Prints its port.

use tokio::net::UdpSocket;

fn main() -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        // As a spawned task, which is woken without a system call.
        tokio::spawn(async {
            let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
            println!("{}", socket.local_addr()?.port());
            let mut buffer = vec![0; 1500];
            loop {
                let (length, from) = socket.recv_from(&mut buffer).await?;
                socket.send_to(&buffer[..length], from).await?;
            }
        })
        .await?
    })
}
