//! What an office asks for all day, and how long each answer takes.

use std::time::Instant;

use anyhow::Result;
use frontdesk_tests::daemon::Daemon;

use super::Size;
use super::fill::{Side, given_name, number, surname};

/// Times that each question is asked.
const TIMES: u32 = 60;

struct Asker<'a> {
    daemon: &'a Daemon,
}

impl Asker<'_> {
    /// Asks for what `path` says, each time of another thing; the first three answers warm up.
    async fn ask(&self, name: &str, path: impl Fn(u32) -> String) -> Result<()> {
        let (mut times, mut bytes) = (Vec::new(), 0);
        for n in 0..TIMES + 3 {
            let path = path(n.wrapping_mul(2_654_435_761) >> 8);
            let began = Instant::now();
            bytes = self.daemon.download(&path).await?.len();
            let taken = began.elapsed().as_secs_f64() * 1_000.0;
            if n >= 3 {
                times.push(taken);
            }
        }
        times.sort_by(f64::total_cmp);
        let at = |part: usize| {
            times
                .get((times.len() * part / 100).min(times.len().saturating_sub(1)))
                .copied()
        };
        let (median, slow) = (at(50).unwrap_or_default(), at(95).unwrap_or_default());
        println!("  {name:<44} {median:>8.1} {slow:>8.1} {bytes:>9}");
        Ok(())
    }
}

/// A word as it is typed, one letter after another.
fn typed(word: &str, n: u32) -> String {
    let letters = 1 + usize::try_from(n).unwrap_or_default() % word.chars().count();
    encoded(&word.chars().take(letters).collect::<String>())
}

fn encoded(text: &str) -> String {
    let byte = |byte: u8| match byte {
        b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => char::from(byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    text.bytes().map(byte).collect()
}

pub async fn all(daemon: &Daemon, url: &str, size: Size) -> Result<()> {
    let mut side = Side::open(url).await?;
    let some = |table: &str| format!("SELECT id FROM {table} ORDER BY id LIMIT 2000");
    let (clients, staff) = (side.texts(&some("clients")).await?, side.texts(&some("staff")).await?);
    drop(side);
    let one = |of: &[String], n: u32| -> String {
        let place = usize::try_from(n).unwrap_or_default() % of.len().max(1);
        of.get(place).cloned().unwrap_or_default()
    };
    let asker = Asker { daemon };
    println!("  {:<44} {:>8} {:>8} {:>9}", "milliseconds", "median", "95 %", "bytes");
    asker
        .ask("search: a name as one types", |n| {
            format!("/clients?search={}", typed(surname(n), n))
        })
        .await?;
    asker
        .ask("search: two words, any order", |n| {
            format!(
                "/clients?search={}%20{}",
                typed(given_name(n), n / 7),
                encoded(surname(n))
            )
        })
        .await?;
    asker
        .ask("search: digits of a number", |n| {
            let number = number(n % size.clients);
            let (from, long) = (
                2 + usize::try_from(n).unwrap_or_default() % 5,
                3 + usize::try_from(n).unwrap_or_default() % 4,
            );
            format!(
                "/clients?search={}",
                number.chars().skip(from).take(long).collect::<String>()
            )
        })
        .await?;
    asker
        .ask("search: nobody", |n| format!("/clients?search=zzq{n}"))
        .await?;
    for order in ["name", "company", "number", "created_at"] {
        asker
            .ask(&format!("clients by {order}"), |_| format!("/clients?order={order}"))
            .await?;
        let deep = format!("clients by {order}, deep within");
        asker
            .ask(&deep, |n| format!("/clients?order={order}&cursor={}", one(&clients, n)))
            .await?;
    }
    asker.ask("clients: VIP", |_| "/clients?vip=true".to_owned()).await?;
    asker
        .ask("a client's timeline", |n| {
            format!("/clients/{}/timeline", one(&clients, n))
        })
        .await?;
    asker.ask("calls, newest", |_| "/calls".to_owned()).await?;
    asker
        .ask("calls, deep within", |n| {
            let call = n % size.calls;
            let step = 3_u64 * 365 * 86_400_000 / u64::from(size.calls);
            let at = 1_700_000_000_000_u64 + u64::from(call) * step;
            format!("/calls?cursor={at:x}.01{call:024}")
        })
        .await?;
    asker
        .ask("calls of a client", |n| {
            format!("/calls?client_id={}", one(&clients, n))
        })
        .await?;
    asker
        .ask("calls of a person", |n| format!("/calls?staff_id={}", one(&staff, n)))
        .await?;
    asker
        .ask("calls with a number", |n| {
            format!("/calls?number={}", encoded(&number(n % size.clients)))
        })
        .await?;
    asker
        .ask("calls with a part of a number", |n| {
            format!("/calls?number=*{}", n % 10_000)
        })
        .await?;
    asker
        .ask("calls not answered", |_| "/calls?status=no_answer".to_owned())
        .await?;
    asker
        .ask("calls out", |_| "/calls?direction=outbound".to_owned())
        .await?;
    asker
        .ask("calls of a day", |n| {
            let (year, day) = (2024 + n % 2, 1 + n % 27);
            format!(
                "/calls?from={year}-03-{day:02}T00:00:00Z&until={year}-03-{:02}T00:00:00Z",
                day + 1
            )
        })
        .await?;
    asker.ask("calls missed", |_| "/calls/missed".to_owned()).await?;
    asker
        .ask("staff, 500 of them, with live status", |_| {
            "/staff?limit=500".to_owned()
        })
        .await?;
    asker
        .ask("staff, one page, deep within", |n| {
            format!("/staff?limit=50&offset={}", n % 9_900)
        })
        .await?;
    asker
        .ask("staff: search", |n| format!("/staff?search={}", typed(surname(n), n)))
        .await?;
    asker
        .ask("phone book", |n| format!("/phone-book?search={}", typed(surname(n), n)))
        .await?;
    asker.ask("audit", |_| "/audit".to_owned()).await?;
    asker.ask("recordings", |_| "/recordings".to_owned()).await?;
    Ok(())
}
