//! A thousand cycles in a row: memory and descriptors stay where they were.

use crate::support::Case;
use crate::watch::Watch;

/// Resident memory that belongs to the process alone, in KiB, and open descriptors.
fn use_of(id: u32) -> (u64, usize) {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    let anonymous = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (anonymous, std::fs::read_dir(format!("/proc/{id}/fd")).unwrap().count())
}

/// The least of several looks: what a cycle has used may not have been given back yet.
fn at_rest(watch: &mut Watch) -> (u64, usize) {
    let looks = (0..30).map(|_| {
        watch.cycle();
        // Whoever answers this has come to rest: connections of the cycle are closed by the same thread.
        watch.page("/readyz");
        use_of(watch.id())
    });
    let looks: Vec<_> = looks.collect();
    let least = |part: fn(&(u64, usize)) -> u64| looks.iter().map(part).min().unwrap();
    (least(|l| l.0), usize::try_from(least(|l| l.1 as u64)).unwrap())
}

#[test]
fn a_thousand_cycles_leave_memory_and_descriptors_flat() {
    let mut case = Case::new("2026.2");
    // On a busy machine more threads wait for files at once, and glibc gives each new one of them room of its own.
    case.env("MALLOC_ARENA_MAX", "1");
    let mut watch = Watch::start(&mut case);
    // The allocator has what it needs after some hundred; what a cycle costs is seen after that.
    for _ in 0..400 {
        watch.cycle();
    }
    let (early, descriptors) = at_rest(&mut watch);
    for cycle in 400..1200 {
        if cycle % 100 == 0 {
            // Drift, health checks and scrapes are a part of a sidecar's life too.
            case.sim.clear_requests();
            case.sim.state().provider_mut("NetBird").unwrap()["client_type"] =
                "confidential".into();
            std::fs::remove_file(case.path("setup.env")).unwrap();
            case.run(&["healthcheck"]);
            watch.page("/metrics");
        }
        watch.cycle();
    }
    let (late, descriptors_late) = at_rest(&mut watch);
    assert!(descriptors_late <= descriptors, "{descriptors} -> {descriptors_late}");
    // A tenth is the allocator's; a leak of one kilobyte a cycle would be 800.
    assert!(late <= early + early / 10 + 256, "{early} KiB -> {late} KiB");
    assert!(late <= 10 * 1024, "{late} KiB");
    assert_eq!(case.sim.state().provider_mut("NetBird").unwrap()["client_type"], "public");
}
