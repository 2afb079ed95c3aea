//! Random schedules: faults, kills and an administrator's edits in any order, each from a seed that is told when it
//! fails. `FAULTS_SCHEDULES=5000` runs more of them, `FAULTS_SEED=n` begins elsewhere.

use std::time::Duration;

use authentik_sim::{FaultRule, Match};
use netbird_authentik_init::error::Exit;
use serde_json::{Value, json};

use crate::faults;
use crate::world::{World, all, in_simulated_time};

/// Seeds that failed once.
const REGRESSIONS: [u64; 0] = [];

/// SplitMix64: the same numbers everywhere, from one seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap()
    }
}

/// What an administrator may have done; what is theirs must be there at the end.
fn edit(world: &World, dice: &mut Dice, theirs: &mut Vec<(&'static str, Value)>) {
    let mut state = world.sim.state();
    let Some(provider) = state.provider_mut("NetBird") else { return };
    match dice.below(4) {
        0 => provider["client_type"] = json!("confidential"),
        1 => provider["redirect_uris"] = json!([]),
        2 => provider["access_code_validity"] = json!("minutes=1"),
        _ => {
            provider["refresh_token_validity"] = json!("days=7");
            theirs.push(("refresh_token_validity", json!("days=7")));
        }
    }
}

async fn schedule(seed: u64) -> Result<(), String> {
    let mut dice = Dice(seed);
    let faults = faults::all();
    let mut world = World::new().await;
    world.env.insert("SETUP_TIMEOUT".into(), "20s".into());
    let (mut theirs, mut key) = (Vec::new(), None);
    for _ in 0..=dice.below(4) {
        for _ in 0..dice.below(4) {
            let when = Match::Nth(1 + dice.below(25));
            let fault = faults[dice.below(faults.len())].fault.clone();
            world.sim.fault(FaultRule { when, fault, times: 1 + dice.below(3) });
        }
        // An init run; one in three is killed after a while.
        let patience = if dice.below(3) == 0 { dice.below(900) as u64 } else { 3_600_000 };
        if let Ok((exit, elapsed)) =
            tokio::time::timeout(Duration::from_millis(patience), world.init()).await
        {
            use Exit::{NotReady, Ok, Protocol, Refused, Rejected};
            if !matches!(exit, Ok | Refused | NotReady | Protocol | Rejected) {
                return Err(format!("ended with {exit:?}"));
            }
            if elapsed > Duration::from_secs(21) {
                return Err(format!("ended after {elapsed:?}"));
            }
        }
        world.sim.clear_faults();
        let now = std::fs::read(world.path("secrets.json")).ok();
        if key.is_some() && now != key {
            return Err("secrets changed".to_owned());
        }
        key = now;
        if dice.below(2) == 0 {
            edit(&world, &mut dice, &mut theirs);
        }
    }
    world.settled().await?;
    let state = world.sim.state();
    for (field, value) in theirs {
        if state.providers[0][field] != value {
            return Err(format!("{field} was an administrator's"));
        }
    }
    Ok(())
}

#[test]
fn any_schedule_ends_well() {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let first = number("FAULTS_SEED").unwrap_or(1);
    let count = number("FAULTS_SCHEDULES").unwrap_or(200);
    let seeds: Vec<u64> = REGRESSIONS.into_iter().chain(first..first + count).collect();
    eprintln!("schedules: {}", seeds.len());
    all(&seeds, |seed| {
        in_simulated_time(schedule(*seed))
            .map_err(|failure| format!("FAULTS_SEED={seed}: {failure}"))
    });
}
