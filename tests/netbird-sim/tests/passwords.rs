//! Local users: passwords that are wrong, hashes that are none, and keys that nothing can be read with any more.

mod common;

use common::{HASH, OWNER, PASSWORD, authentik, browser, embedded, management, stuck, works};
use netbird_sim::browser::{Dashboard, Person};
use serde_json::json;

const LOCAL: Person<'_> = Person::Local { email: OWNER, password: PASSWORD };

#[test]
fn a_password_that_is_wrong_or_was_never_hashed() {
    let sim = authentik("2026.2");
    let netbird = management(&embedded(), &sim);
    let wrong = Person::Local { email: OWNER, password: "wrong" };
    let refused = stuck(&netbird, &sim, wrong);
    assert_eq!(refused.status, 401);
    assert!(refused.text.contains("Invalid Email Address or password."), "{refused}");
    let mut file = embedded();
    for hash in [PASSWORD.to_owned(), HASH.trim().replace("$10$", "$04$")] {
        file["EmbeddedIdP"]["Owner"]["Hash"] = json!(hash);
        let netbird = management(&file, &sim);
        let refused = stuck(&netbird, &sim, LOCAL);
        assert_eq!(
            (refused.status, refused.text.as_str()),
            (500, "Internal Server Error Login error."),
            "{hash}"
        );
    }
}

#[test]
fn a_new_password_in_the_file_counts_after_a_restart_for_the_same_user() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    let netbird = management(&file, &sim);
    let id = netbird.state().idp.passwords[0].user_id.clone();
    file["EmbeddedIdP"]["Owner"]["Hash"] = json!(include_str!("common/another.hash").trim());
    netbird.set_config(&file.to_string());
    netbird.restart().expect("it starts");
    assert_eq!(stuck(&netbird, &sim, LOCAL).status, 401);
    assert!(works(&netbird, &sim, Person::Local { email: OWNER, password: "another-password" }));
    assert_eq!(netbird.state().idp.passwords[0].user_id, id);
}

#[test]
fn another_key_of_the_data_store_locks_everybody_out() {
    let sim = authentik("2026.2");
    let mut file = embedded();
    let netbird = management(&file, &sim);
    assert!(works(&netbird, &sim, LOCAL));
    file["DataStoreEncryptionKey"] = json!("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=");
    netbird.set_config(&file.to_string());
    netbird.restart().expect("it starts all the same");
    let login = browser(&netbird, &sim).log_in(&Dashboard::of(&netbird), LOCAL).expect("tokens");
    assert_eq!((login.me.status, login.me.message()), (401, "token invalid"));
}
