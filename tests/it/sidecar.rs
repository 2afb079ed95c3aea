//! `watch` as its surroundings see it: how it ends, its health check, its pages, and what it logs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use authentik_sim::Stage;
use prometheus_parse::{Scrape, Value};
use rustix::process::Signal;

use crate::http::exchange;
use crate::support::Case;
use crate::watch::Watch;

/// Every sample of the metrics page, by name and labels, as a Prometheus parser reads it.
pub fn samples(watch: &Watch) -> BTreeMap<String, f64> {
    let (status, text) = watch.page("/metrics");
    assert_eq!(status, 200);
    let scrape = Scrape::parse(text.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let mut samples = BTreeMap::new();
    for sample in scrape.samples {
        let mut labels: Vec<_> = sample.labels.iter().map(|(k, v)| format!("{k}={v}")).collect();
        labels.sort();
        let name = sample.metric.trim_start_matches("netbird_authentik_init_");
        let key = [&[name.to_owned()][..], &labels].concat().join(" ");
        let number = match sample.value {
            Value::Counter(n) | Value::Gauge(n) => n,
            Value::Histogram(buckets) => buckets.last().unwrap().count,
            // The parser knows a histogram by its buckets only.
            Value::Untyped(n)
                if key.ends_with("_seconds_sum") || key.ends_with("_seconds_count") =>
            {
                n
            }
            other => panic!("{key}: an untyped sample: {other:?}"),
        };
        assert!(scrape.docs.contains_key(&sample.metric) || !number.is_nan(), "{key}");
        samples.insert(key, number);
    }
    samples
}

#[test]
fn a_sidecar_tells_its_health_to_docker_and_over_http() {
    let mut case = Case::new("2026.2");
    case.run(&["healthcheck"]).expect(1);
    case.sim.set_stage(Stage::Refused);
    let mut watch = Watch::begin(&mut case);
    watch.until("waiting for Authentik to answer");
    let unwell = case.run(&["healthcheck"]).expect(1);
    assert_eq!(
        unwell.out, "the first cycle is not done yet: waiting for Authentik to answer\n",
        "one line, and why"
    );
    assert_eq!(watch.page("/healthz"), (503, "the first cycle is not done yet\n".into()));
    assert_eq!(watch.page("/readyz").0, 503);

    case.sim.set_stage(Stage::Ready);
    watch.until_ended();
    let well = case.run(&["healthcheck"]).expect(0);
    assert_eq!((well.out.as_str(), well.err.as_str()), ("", ""), "silent when all is well");
    assert_eq!(watch.page("/healthz"), (200, "ok\n".into()));
    assert_eq!(watch.page("/readyz"), (200, "ok\n".into()));

    case.sim.state().provider_mut("NetBird").unwrap()["sub_mode"] = "hashed_user_id".into();
    std::fs::write(case.path("management.json"), "not JSON").unwrap();
    watch.cycle();
    let unwell = case.run(&["healthcheck"]).expect(1);
    assert!(
        unwell.out.starts_with("the last cycle failed:") && unwell.out.contains("management.json")
    );
    let (status, why) = watch.page("/healthz");
    assert_eq!(status, 503);
    assert!(
        why.contains("(65)") && !why.contains("management"),
        "nothing but this program's words: {why}"
    );
    assert_eq!(watch.page("/readyz").0, 200, "NetBird can still start");

    let (code, log) = watch.end(Signal::TERM);
    assert_eq!(code, Some(0));
    assert!(log.contains("SIGTERM"), "{log}");
    let gone = case.run(&["healthcheck"]).expect(1);
    assert!(gone.out.starts_with("no watch is running in this container"), "{}", gone.out);
}

#[test]
fn a_health_check_needs_no_other_variable() {
    let mut case = Case::new("2026.2");
    case.sim.set_stage(Stage::Refused);
    let mut watch = Watch::begin(&mut case);
    watch.until("waiting for Authentik to answer");
    let mut bare = std::process::Command::new(env!("CARGO_BIN_EXE_netbird-authentik-init"));
    bare.env_clear().env("SETUP_DIR", case.path("")).arg("healthcheck");
    let out = String::from_utf8(bare.output().unwrap().stdout).unwrap();
    assert!(out.contains("waiting for Authentik to answer"), "{out}");
}

#[test]
fn metrics_are_read_by_a_prometheus_parser_and_count_what_happened() {
    let mut case = Case::new("2026.2");
    let mut watch = Watch::start(&mut case);
    let first = samples(&watch);
    assert_eq!(first["cycles_total"], 1.0);
    assert_eq!(first["changes_total action=create object=provider"], 1.0);
    assert_eq!(first["changes_total action=change object=brand"], 1.0);
    assert_eq!(first["changes_total action=change object=provider"], 0.0, "there before it counts");
    assert_eq!(first["files_written_total"], 4.0);
    assert_eq!(first["cycle_duration_seconds"], 1.0);
    assert_eq!(first["cycle_failures_total reason=rejected"], 0.0);
    assert_eq!(first["changes_total action=create object=scope_mapping"], 0.0, "no blanks");
    assert_eq!((first["last_cycle_result result=ok"], first["waiting"]), (1.0, 0.0));
    assert_eq!(first[&format!("build_info version={}", env!("CARGO_PKG_VERSION"))], 1.0);
    let sent: f64 =
        first.iter().filter(|(k, _)| k.starts_with("requests_total")).map(|(_, v)| v).sum();
    assert_eq!(sent, case.sim.requests().len() as f64, "every request once");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let last = first["last_success_timestamp_seconds"];
    assert!(last > 1.7e9 && last <= now.as_secs_f64(), "{last}");

    case.sim.state().provider_mut("NetBird").unwrap()["client_type"] = "confidential".into();
    watch.cycle();
    std::fs::write(case.path("secrets.json"), "not JSON").unwrap();
    watch.cycle();
    let then = samples(&watch);
    assert_eq!(then["cycles_total"], 3.0);
    assert_eq!(then["changes_total action=change object=provider"], 1.0);
    assert_eq!(then["cycle_failures_total reason=refused"], 1.0);
    assert_eq!(then["files_written_total"], 4.0);
    assert_eq!(then["last_cycle_result result=ok"], 0.0);
    assert_eq!(then["last_cycle_result result=refused"], 1.0);
    assert_eq!(then.len(), first.len(), "no series comes or goes");

    let (_, text) = watch.page("/metrics");
    let page = include_str!("../../docs/operating.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `netbird_authentik_init_"));
    let documented: BTreeSet<&str> = rows.map(|r| r.split(['`', '{']).next().unwrap()).collect();
    let served: BTreeSet<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("# TYPE netbird_authentik_init_")?.split(' ').next())
        .collect();
    assert_eq!(documented, served, "docs/operating.md has every metric and no other");
    for secret in ["netbird.example.com", "akadmin", &case.sim.url(), "2026.2"] {
        assert!(!text.contains(secret), "nothing of Authentik is exposed: {secret}");
    }
}

#[test]
fn waiting_is_told_while_it_lasts_and_between_cycles() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_TIMEOUT", "1s");
    let mut watch = Watch::start(&mut case);
    // A second may be too short for a cycle on a busy machine.
    while samples(&watch)["last_cycle_result result=ok"] == 0.0 {
        watch.cycle();
    }
    assert_eq!(samples(&watch)["waiting"], 0.0);
    case.sim.set_stage(Stage::Refused);
    watch.signal(Signal::HUP);
    watch.until("waiting for Authentik to answer");
    assert_eq!(samples(&watch)["waiting"], 1.0, "in the cycle");
    watch.until_ended();
    let between = samples(&watch);
    assert_eq!((between["waiting"], between["last_cycle_result result=not_ready"]), (1.0, 1.0));
    case.sim.set_stage(Stage::Ready);
    while !watch.cycle().contains("recovered: ") {}
    assert_eq!(samples(&watch)["waiting"], 0.0);
}

/// NetBird's services read their files when they start: only another content is a reason to start them again.
#[test]
fn a_service_has_to_be_restarted_when_its_file_changed_and_for_nothing_else() {
    let mut case = Case::new("2026.2");
    let mut watch = Watch::start(&mut case);
    let needed = |watch: &Watch| -> Vec<String> {
        let of = |(key, value): (String, f64)| {
            let key = key.strip_prefix("restart_needed_timestamp_seconds service=")?.to_owned();
            (value > 0.0).then_some(key)
        };
        samples(watch).into_iter().filter_map(of).collect()
    };
    assert!(needed(&watch).is_empty(), "NetBird was not there before its files");
    std::fs::remove_file(case.path("relay.env")).unwrap();
    watch.cycle();
    assert!(needed(&watch).is_empty(), "it came back as it was");
    case.sim.state().provider_mut("NetBird").unwrap()["client_id"] = "another".into();
    std::fs::remove_file(case.path("dashboard.env")).unwrap();
    watch.cycle();
    assert_eq!(needed(&watch), ["dashboard", "management"]);
    watch.cycle();
    assert_eq!(needed(&watch), ["dashboard", "management"], "it cannot see a restart");
    let (_, page) = watch.page("/");
    assert!(page.contains("restart NetBird's management") && page.contains("recreate NetBird's"));
    assert!(!page.contains("restart NetBird's relay"), "{page}");
    drop(watch);
    std::fs::write(case.path("relay.env"), "# Written by netbird-authentik-init\n").unwrap();
    assert_eq!(needed(&Watch::start(&mut case)), ["relay"], "what a new process finds, counts too");
}

/// The simulator's certificate ends with the year 4095.
#[test]
fn the_end_of_a_certificate_is_told_whichever_url_has_it() {
    let end_of_certificate = |internal_tls: bool, public_tls: bool| {
        let mut case = Case::new("2026.2");
        let (plain, tls) = (case.sim.url(), case.sim.https_url());
        let ca = case.side_file("ca.pem", case.sim.ca_pem());
        case.env("AUTHENTIK_HOST", if internal_tls { &tls } else { &plain })
            .env("AUTHENTIK_HOST_BROWSER", if public_tls { &tls } else { &plain })
            .env("AUTHENTIK_CA_FILE", ca);
        samples(&Watch::start(&mut case))["certificate_expiry_timestamp_seconds"]
    };
    assert_eq!(end_of_certificate(false, false), 0.0);
    assert_eq!(end_of_certificate(true, true), 67_090_118_400.0);
    assert_eq!(end_of_certificate(false, true), 67_090_118_400.0);
}

#[test]
fn pages_answer_what_they_are_asked_and_nothing_else() {
    let mut case = Case::new("2026.2");
    let watch = Watch::start(&mut case);
    assert_eq!(watch.page("/favicon.ico").0, 404);
    assert_eq!(watch.page("/healthz?verbose").0, 200);
    let (status, head, body) = exchange(&watch.url, "POST", "/healthz", "", "x");
    assert_eq!((status, body.as_str()), (405, ""));
    assert!(head.contains("allow: GET, HEAD"), "{head}");
    let (status, _, body) = exchange(&watch.url, "HEAD", "/metrics", "", "");
    assert_eq!((status, body.as_str()), (200, ""));
    let (_, head, _) = exchange(&watch.url, "GET", "/metrics", "", "");
    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
    // Many who say nothing do not keep one out who asks.
    let idle: Vec<_> = (0..40).map(|_| std::net::TcpStream::connect(&watch.url).unwrap()).collect();
    assert_eq!(watch.page("/healthz").0, 200);
    drop(idle);
}

/// A port alone, and `[::]`, are both protocols; the log names the port that the kernel chose.
#[test]
fn a_port_alone_is_served_over_ipv4_and_ipv6() {
    let has_ipv6 = std::net::TcpListener::bind("[::1]:0").is_ok();
    for address in [":0", "[::]:0"] {
        let mut case = Case::new("2026.2");
        case.env("SETUP_INTERVAL", "1h").env("SETUP_LISTEN", address);
        let mut watch = Watch::spawn(&case);
        let port = watch.url.rsplit(':').next().unwrap().to_owned();
        watch.url = format!("127.0.0.1:{port}");
        assert_ne!(watch.page("/healthz").0, 404, "{address} over IPv4");
        if has_ipv6 {
            watch.url = format!("[::1]:{port}");
            assert_ne!(watch.page("/healthz").0, 404, "{address} over IPv6");
        }
    }
}

#[test]
fn a_sidecar_ends_by_signals_in_any_state() {
    let mut case = Case::new("2026.2");
    let watch = Watch::start(&mut case);
    assert_eq!(watch.end(Signal::TERM).0, Some(0), "between cycles");
    let watch = Watch::start(&mut case);
    assert_eq!(watch.end(Signal::INT).0, Some(130));
    case.sim.set_stage(Stage::Refused);
    let mut watch = Watch::begin(&mut case);
    watch.until("waiting for Authentik to answer");
    assert_eq!(watch.end(Signal::TERM).0, Some(0), "in the middle of a cycle");
}

#[test]
fn wrong_variables_and_a_taken_address_keep_it_from_starting() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_INTERVAL", "soon").env("SETUP_LISTEN", "somewhere");
    case.run(&["watch"]).expect(78).says(&["SETUP_INTERVAL", "SETUP_LISTEN"]);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    case.env("SETUP_INTERVAL", "1h").env("SETUP_LISTEN", taken.local_addr().unwrap().to_string());
    case.run(&["watch"]).expect(78).says(&[
        "SETUP_LISTEN: cannot listen on",
        "why:",
        "what to do:",
    ]);
    assert!(case.sim.requests().is_empty(), "before anything is asked");
}

#[test]
fn a_converged_cycle_is_silent() {
    let mut case = Case::new("2026.2");
    let mut watch = Watch::start(&mut case);
    assert!(watch.first.contains("NetBird can start"));
    case.sim.clear_requests();
    quiet(&case, &mut watch);
    // What was repaired is no reason to say, one cycle later, that it still is.
    std::fs::remove_file(case.path("relay.env")).unwrap();
    assert!(watch.cycle().contains("relay.env written"));
    case.sim.clear_requests();
    quiet(&case, &mut watch);
}

#[track_caller]
fn quiet(case: &Case, watch: &mut Watch) {
    let log = watch.cycle();
    let told: Vec<&str> = log.lines().filter(|line| !line.contains("DEBUG")).collect();
    assert!(matches!(told[..], [line] if line.contains("SIGHUP")), "{log}");
    assert!(case.sim.writes().is_empty());
    assert!(case.sim.requests().len() <= 16);
}

#[test]
fn a_cycle_that_could_not_begin_counts_nothing_twice() {
    let mut case = Case::new("2026.2");
    let path = case.token_by_file();
    let mut watch = Watch::start(&mut case);
    let before = samples(&watch);
    std::fs::remove_file(&path).unwrap();
    let log = watch.cycle();
    assert!(log.contains("1 configuration error,"), "the token is not missing as well: {log}");
    let unwell = case.run(&["healthcheck"]).expect(1);
    assert!(unwell.out.contains("AUTHENTIK_TOKEN_FILE"), "{}", unwell.out);
    let after = samples(&watch);
    for (name, value) in &before {
        let moves = [
            "cycles_total",
            "cycle_failures_total reason=config",
            "cycle_duration",
            "last_cycle_result",
        ];
        if !moves.iter().any(|m| name.starts_with(m)) {
            assert_eq!(after[name], *value, "{name}");
        }
    }
    assert_eq!(after["cycle_failures_total reason=config"], 1.0);
}

#[test]
fn a_pipe_in_place_of_the_token_fails_a_cycle_and_nothing_waits_for_it() {
    let mut case = Case::new("2026.2");
    let path = case.token_by_file();
    let mut watch = Watch::start(&mut case);
    std::fs::remove_file(&path).unwrap();
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, 0o600.into(), 0)
        .unwrap();
    assert!(watch.cycle().contains("a named pipe"));
    assert!(case.run(&["healthcheck"]).expect(1).out.contains("AUTHENTIK_TOKEN_FILE"));
    assert_eq!(watch.page("/healthz").0, 503);
    assert_eq!(watch.end(Signal::TERM).0, Some(0));
}

#[test]
fn a_log_that_nobody_reads_keeps_the_end_from_nothing() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_LOG", "trace").env("SETUP_LISTEN", "127.0.0.1:0");
    let watch = Watch::spawn(&case);
    // The pipe is full when no request comes any more, however often it is told to look.
    let mut seen = 0;
    while seen < 3 || case.sim.requests().len() != seen {
        seen = case.sim.requests().len();
        watch.signal(Signal::HUP);
        std::thread::sleep(std::time::Duration::from_millis(200));
    }
    watch.signal(Signal::TERM);
    assert_eq!(watch.exit_code(), Some(0));
}

#[test]
fn a_flood_of_large_headers_costs_little_and_keeps_nobody_out() {
    let mut case = Case::new("2026.2");
    let mut watch = Watch::start(&mut case);
    let resident = |watch: &mut Watch| {
        let status = std::fs::read_to_string(format!("/proc/{}/status", watch.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse::<usize>().unwrap()
    };
    let before = resident(&mut watch);
    for size in [8_000, 64 * 1024] {
        let request = format!("GET /healthz HTTP/1.1\r\nX-Long: {}", "x".repeat(size));
        let flood: Vec<_> = (0..100)
            .map(|_| {
                let mut stream = std::net::TcpStream::connect(&watch.url).unwrap();
                stream.set_nonblocking(true).unwrap();
                // What the other side does not take is not sent.
                let _ = stream.write(request.as_bytes());
                stream
            })
            .collect();
        assert_eq!(watch.page("/healthz").0, 200, "{size}");
        drop(flood);
    }
    let more = resident(&mut watch) - before;
    assert!(more < 4 * 1024, "{more} KiB more");
    let long = format!("X-Long: {}\r\n", "x".repeat(9_000));
    assert_eq!(exchange(&watch.url, "GET", "/healthz", &long, "").0, 431);
}

#[test]
fn a_listener_takes_both_kinds_of_addresses() {
    let mut case = Case::new("2026.2");
    case.env("SETUP_INTERVAL", "1h");
    for listen in [":0", "[::]:0"] {
        case.env("SETUP_LISTEN", listen);
        let watch = Watch::spawn(&case);
        let port = watch.url.rsplit(':').next().unwrap();
        for host in ["127.0.0.1", "[::1]"] {
            if host == "[::1]" && std::net::TcpListener::bind("[::1]:0").is_err() {
                eprintln!("SKIPPED: this machine has no IPv6");
                continue;
            }
            let (status, _, _) = exchange(&format!("{host}:{port}"), "GET", "/healthz", "", "");
            assert!(matches!(status, 200 | 503), "{listen} by {host}: {status}");
        }
    }
}

/// Somebody else in the place of the sidecar: what they say is data, and ends.
#[test]
fn a_health_check_reads_one_line_of_whoever_answers() {
    use std::os::unix::net::UnixListener;
    let case = Case::new("2026.2");
    let address =
        netbird_authentik_init::commands::watch::channel::address(&case.path("")).unwrap();
    let listener = UnixListener::bind_addr(&address).unwrap();
    let answer = |said: Vec<u8>| {
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let (mut stream, _) = listener.accept().unwrap();
                // It may hang up before it has heard everything.
                let _ = stream.write_all(&said);
            });
            case.run(&["healthcheck"])
        })
    };
    answer(b"ok\nmore".to_vec()).expect(0);
    let ended = answer(vec![b'x'; 1 << 20]).expect(1);
    assert!(ended.out.len() <= 1024, "{} bytes", ended.out.len());
    let ended = answer(b"a \x1b[31m\xe2\x80\xae\xff\nb\n".to_vec()).expect(1);
    assert_eq!(ended.out, "a \\u{1b}[31m\\u{202e}\u{fffd}\n");
}

#[test]
fn a_health_check_does_not_believe_another_users_process() {
    if !crate::volumes::is_root() {
        return;
    }
    let mut case = Case::new("2026.2");
    case.env("SETUP_INTERVAL", "1h").env("SETUP_LISTEN", "127.0.0.1:0");
    let mut other = crate::volumes::as_nobody(&case, &["watch"]);
    let mut other = crate::support::Running::from(other.spawn().unwrap());
    let mut log = std::io::BufReader::new(other.child().stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("serves /healthz") {
        line.clear();
        assert!(std::io::BufRead::read_line(&mut log, &mut line).unwrap() > 0, "it ended");
    }
    let ended = case.run(&["healthcheck"]).expect(1);
    assert_eq!(ended.out, "another user's process answers in the place of watch\n");
}
