//! Two tasks that play a short string to and fro over tokio's mpsc: `ping_pong SCALE THREADS`. With two threads each
//! has a runtime and a thread of its own. Prints round trips per second.

use std::thread;
use std::time::Instant;
use tokio::runtime::Builder;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

type Ends = (UnboundedSender<String>, UnboundedReceiver<String>);

async fn echo((to, mut from): Ends) {
    while let Some(ball) = from.recv().await {
        if to.send(ball).is_err() {
            return;
        }
    }
}

async fn play((to, mut from): Ends, rounds: usize) -> f64 {
    let start = Instant::now();
    for _ in 0..rounds {
        to.send(String::from("ping")).expect("the other side lives");
        from.recv().await.expect("the other side answers");
    }
    rounds as f64 / start.elapsed().as_secs_f64()
}

fn main() {
    let argument = |n| std::env::args().nth(n).and_then(|text: String| text.parse::<f64>().ok());
    let (scale, threads) = (argument(1).unwrap_or(1.0), argument(2).unwrap_or(1.0));
    let (there, here) = (unbounded_channel(), unbounded_channel());
    let (mine, theirs) = ((there.0, here.1), (here.0, there.1));
    let runtime = || Builder::new_current_thread().enable_all().build().expect("runtime");
    let rate = if threads == 1.0 {
        runtime().block_on(async {
            // As a task of its own, like the other one.
            let rounds = (1_000_000.0 * scale) as usize;
            tokio::spawn(echo(theirs));
            tokio::spawn(play(mine, rounds)).await.expect("no task panics")
        })
    } else {
        let other = thread::spawn(move || runtime().block_on(async { tokio::spawn(echo(theirs)).await }));
        let rounds = (100_000.0 * scale) as usize;
        let rate = runtime().block_on(async { tokio::spawn(play(mine, rounds)).await.expect("no task panics") });
        other.join().expect("no panic").expect("no task panics");
        rate
    };
    println!("round_trips_per_s {rate}");
}
