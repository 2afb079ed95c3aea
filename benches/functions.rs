//! Pure functions alone: `cargo bench --manifest-path benches/Cargo.toml`.

use std::ffi::OsString;

use divan::{Bencher, black_box};
use netbird_authentik_init::config;
use netbird_authentik_init::render::shell;

fn main() {
    divan::main();
}

fn variables() -> Vec<(OsString, OsString)> {
    [
        ("AUTHENTIK_HOST", "http://authentik-server:9000"),
        ("AUTHENTIK_TOKEN", "a-token-of-some-length"),
        ("NETBIRD_DOMAIN", "netbird.example.com"),
        ("SETUP_DIR", "/setup"),
    ]
    .map(|(name, value)| (name.into(), value.into()))
    .into()
}

/// The whole configuration from the environment.
#[divan::bench]
fn config_load(bencher: Bencher<'_, '_>) {
    bencher.with_inputs(variables).bench_values(config::load);
}

/// One line of setup.env.
#[divan::bench(args = ["netbird.example.com", "it's 'quoted' a lot ''''"])]
fn shell_assign(value: &str) -> String {
    shell::assign(black_box("NETBIRD_DOMAIN"), black_box(value))
}
