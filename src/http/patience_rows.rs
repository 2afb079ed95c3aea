//! Every row of the table, decision by decision.

use super::super::answer::Asked;
use super::*;
use crate::error::{Error, Exit};

fn trouble(kind: Kind, status: Option<u16>, in_a_row: u32) -> Trouble {
    let request = "GET /api/".to_owned();
    let asked = Asked::default();
    Trouble { kind, request, asked, status, detail: String::new(), in_a_row }
}

fn busy(status: u16, in_a_row: u32) -> Setback {
    at(trouble(Kind::Busy(None), Some(status), in_a_row))
}

fn at(trouble: Trouble) -> Setback {
    Setback::Trouble(Phase::Objects, trouble)
}

fn rejected(in_a_row: u32) -> Setback {
    Setback::Trouble(Phase::Reachable, trouble(Kind::Token, Some(403), in_a_row))
}

/// A run, and its time.
struct Run(Patience, Instant);

impl Run {
    fn waiting() -> Self {
        Self(Patience::new(Duration::from_secs(300)), Instant::now())
    }

    fn ready() -> Self {
        let mut run = Self::waiting();
        run.0.accepted();
        run.0.ready();
        run
    }

    fn decide(&mut self, setback: &Setback) -> Decision {
        self.0.decide(setback, self.1)
    }

    fn pass(&mut self, seconds: u64) -> &mut Self {
        self.1 += Duration::from_secs(seconds);
        self
    }

    #[track_caller]
    fn again(&mut self, setback: &Setback) -> &mut Self {
        let decision = self.decide(setback);
        assert!(matches!(decision, Decision::Again(_)), "{decision:?}");
        self
    }

    #[track_caller]
    fn ends(&mut self, setback: &Setback) -> Ending {
        match self.decide(setback) {
            Decision::GiveUp(ending) => ending,
            again @ Decision::Again(_) => panic!("{again:?}"),
        }
    }
}

#[test]
fn no_answer_and_a_restart_are_waited_out_to_the_deadline() {
    for mut run in [Run::waiting(), Run::ready()] {
        for _ in 0..500 {
            run.again(&at(trouble(Kind::Unreachable, None, 0))).again(&busy(502, 0));
            run.again(&busy(503, 0)).pass(1);
        }
    }
}

#[test]
fn a_restart_brings_a_run_back_to_waiting() {
    let mut run = Run::ready();
    run.again(&busy(500, 2)).again(&busy(503, 0));
    for in_a_row in 1..50 {
        run.again(&busy(500, in_a_row));
    }
    run.0.ready();
    assert!(matches!(run.ends(&busy(500, 3)), Ending::Labouring(_)));
}

#[test]
fn a_handshake_is_final_unless_the_clock_may_explain_it() {
    for kind in [
        Handshake::Untrusted,
        Handshake::Expired,
        Handshake::WrongName,
        Handshake::PlainPort,
        Handshake::NoCommonProtocol,
        Handshake::ClientCertificate,
    ] {
        for mut run in [Run::waiting(), Run::ready()] {
            let found = run.ends(&at(trouble(Kind::Tls(kind), None, 0)));
            assert!(matches!(found, Ending::Tls(_, of) if of == kind));
        }
    }
    let early = at(trouble(Kind::Tls(Handshake::NotValidYet), None, 0));
    for mut run in [Run::waiting(), Run::ready()] {
        for _ in 0..500 {
            run.again(&early).pass(1);
        }
    }
}

#[test]
fn three_failures_in_a_row_of_one_request_end_a_run_that_got_through() {
    for status in [408, 425, 429, 500, 504, 507] {
        let mut run = Run::waiting();
        for in_a_row in 1..50 {
            run.again(&busy(status, in_a_row));
        }
        // Eight that succeed at the second try are eight rows of one.
        let mut run = Run::ready();
        for _ in 0..8 {
            run.again(&busy(status, 1));
        }
        run.again(&busy(status, 2));
        assert!(matches!(run.ends(&busy(status, 3)), Ending::Labouring(_)), "{status}");
    }
}

#[test]
fn retry_after_is_obeyed_but_not_while_a_server_starts() {
    let asked = Duration::from_secs(20);
    let busy = |status| at(trouble(Kind::Busy(Some(asked)), Some(status), 1));
    let mut run = Run::waiting();
    assert_eq!(run.decide(&busy(429)), Decision::Again(asked));
    let Decision::Again(delay) = run.decide(&busy(503)) else { panic!() };
    assert!(delay <= Duration::from_secs(1), "{delay:?}");
}

#[test]
fn delays_grow_from_a_quarter_second_to_one_second() {
    let mut run = Run::waiting();
    let mut delays = Vec::new();
    for _ in 0..20 {
        let Decision::Again(delay) = run.decide(&busy(503, 0)) else { panic!() };
        delays.push(delay.as_secs_f64());
    }
    assert!((0.18..=0.32).contains(&delays[0]), "{delays:?}");
    assert!(delays[5..].iter().all(|delay| (0.59..=1.01).contains(delay)), "{delays:?}");
}

#[test]
fn a_rejected_token_has_its_grace_and_the_grace_is_one_row() {
    let mut run = Run::waiting();
    run.again(&rejected(1)).pass(299).again(&rejected(2)).pass(1);
    assert!(matches!(run.ends(&rejected(3)), Ending::Rejected(_)));

    // Between the two the server was away: the second one is a first one again.
    let mut run = Run::waiting();
    run.again(&rejected(1)).pass(10).again(&busy(503, 0)).pass(600).again(&rejected(1));
    run.pass(300);
    assert!(matches!(run.ends(&rejected(2)), Ending::Rejected(_)));
}

#[test]
fn an_accepted_token_that_is_rejected_is_looked_at_once_more() {
    let mut run = Run::waiting();
    run.again(&rejected(1)).pass(19);
    run.0.accepted();
    run.again(&rejected(1));
    assert!(matches!(run.ends(&rejected(2)), Ending::Rejected(_)));
}

#[test]
fn a_permission_that_is_lacking_is_looked_at_once_more() {
    for mut run in [Run::waiting(), Run::ready()] {
        let lacking = |row| at(trouble(Kind::Permission("a.b"), Some(403), row));
        run.again(&lacking(1));
        assert!(matches!(run.ends(&lacking(2)), Ending::Forbidden(_, of) if of == ["a.b"]));
    }
}

#[test]
fn another_permission_that_is_lacking_at_the_second_look_is_named_too() {
    let lacking = |permission| at(trouble(Kind::Permission(permission), Some(403), 1));
    let mut run = Run::ready();
    run.again(&lacking("a.b"));
    assert!(matches!(run.ends(&lacking("c.d")), Ending::Forbidden(_, of) if of == ["a.b", "c.d"]));
}

#[test]
fn a_header_that_is_stripped_is_treated_like_a_rejected_token() {
    let stripped =
        |row| Setback::Trouble(Phase::Reachable, trouble(Kind::Stripped, Some(403), row));
    let mut run = Run::waiting();
    run.again(&stripped(1)).pass(300);
    assert!(matches!(run.ends(&stripped(2)), Ending::Rejected(_)));
}

#[test]
fn what_stands_in_front_is_waited_for_to_the_deadline() {
    for mut run in [Run::waiting(), Run::ready()] {
        for in_a_row in 1..500 {
            run.again(&at(trouble(Kind::InFront, Some(403), in_a_row))).pass(1);
        }
    }
}

fn missing(chosen: bool, default: bool, seen: usize) -> Setback {
    let mut absent = Vec::new();
    if chosen {
        absent.push(super::super::setback::Absent {
            object: "flow theirs".into(),
            chosen_by: Some("SOME_FLOW"),
        });
    }
    if default {
        absent.push(super::super::setback::Absent { object: "flow x".into(), chosen_by: None });
    }
    Setback::Missing(Missing { absent, seen })
}

#[test]
fn default_objects_are_waited_for_to_the_deadline() {
    for mut run in [Run::waiting(), Run::ready()] {
        for _ in 0..500 {
            run.again(&missing(false, true, 4)).pass(1);
        }
    }
    let mut run = Run::waiting();
    for _ in 0..500 {
        run.again(&missing(true, true, 4)).pass(1);
    }
}

#[test]
fn a_name_of_the_users_own_is_wrong_after_three_minutes_in_which_nothing_came() {
    let mut run = Run::waiting();
    run.again(&missing(true, false, 4)).pass(179).again(&missing(true, false, 4));
    // Something came: the worker is still at it.
    run.pass(1).again(&missing(true, false, 5)).pass(179).again(&missing(true, false, 5));
    run.pass(1);
    assert!(matches!(run.ends(&missing(true, false, 5)), Ending::Missing(_)));
    assert!(matches!(Run::ready().ends(&missing(true, false, 5)), Ending::Missing(_)));
}

#[test]
fn a_create_that_is_refused_and_a_reference_that_is_gone_are_looked_at_again() {
    let refused =
        |in_a_row| Setback::Conflict(trouble(Kind::Invalid(Box::default()), Some(400), in_a_row));
    let mut run = Run::ready();
    run.again(&refused(1)).again(&refused(2));
    assert!(matches!(run.ends(&refused(3)), Ending::Invalid(_)));
    let mut run = Run::ready();
    for _ in 0..8 {
        run.again(&refused(1));
    }
}

#[test]
fn a_value_that_is_refused_is_final() {
    let refused = at(trouble(Kind::Invalid(Box::default()), Some(400), 1));
    assert!(matches!(Run::ready().ends(&refused), Ending::Invalid(_)));
}

#[test]
fn a_redirect_to_another_origin_is_final() {
    for mut run in [Run::waiting(), Run::ready()] {
        let ending = run.ends(&at(trouble(Kind::Redirect("https://x/".into()), Some(302), 1)));
        assert!(matches!(ending, Ending::Redirected(_, to) if to == "https://x/"));
    }
}

#[test]
fn ten_answers_in_a_row_that_do_not_fit_are_final() {
    let misfit = |request: &str| {
        at(Trouble { request: request.into(), ..trouble(Kind::Malformed, Some(200), 0) })
    };
    for mut run in [Run::waiting(), Run::ready()] {
        for _ in 0..9 {
            run.again(&misfit("a"));
        }
        assert!(matches!(run.ends(&misfit("a")), Ending::Malformed(_)));
    }
    let mut run = Run::ready();
    for _ in 0..20 {
        run.again(&misfit("a")).again(&misfit("b"));
    }
}

#[test]
fn a_path_that_is_not_there_is_waited_for_until_all_was_there() {
    let absent = |in_a_row| at(trouble(Kind::Missing, Some(404), in_a_row));
    let (mut waiting, mut ready) = (Run::waiting(), Run::ready());
    for in_a_row in 1..10 {
        waiting.again(&absent(in_a_row));
        ready.again(&absent(in_a_row));
    }
    waiting.again(&absent(10));
    assert!(matches!(ready.ends(&absent(10)), Ending::Malformed(_)));
}

#[test]
fn what_does_not_work_yet_is_looked_at_five_times() {
    let unproven = Setback::Unproven(Error::new(Exit::Protocol, "no"));
    let mut run = Run::ready();
    for _ in 0..4 {
        run.again(&unproven);
    }
    run.again(&busy(503, 0));
    for _ in 0..4 {
        run.again(&unproven);
    }
    assert!(matches!(run.ends(&unproven), Ending::Final(error) if error.exit == Exit::Protocol));
}

#[test]
fn what_was_final_from_the_start_ends() {
    let error = Error::new(Exit::Refused, "theirs");
    let ending = Run::waiting().ends(&Setback::Final(error.clone()));
    assert_eq!(ending, Ending::Final(error));
}
