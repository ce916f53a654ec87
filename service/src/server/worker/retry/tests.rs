use super::*;

#[test]
fn waits_double_up_to_a_bound() {
    let timing = Timing::default();
    let longest = |attempt| (0..4000).map(|random| between(attempt, &timing, random)).max();
    assert_eq!([1, 2, 3].map(longest), [1_000, 2_000, 4_000].map(Some));
    for attempt in [0, 1, 5, 60, i64::MAX] {
        for random in [0, 1, u32::MAX] {
            let wait = between(attempt, &timing, random);
            assert!((500..=300_000).contains(&wait), "{attempt} {random} {wait}");
        }
    }
    assert_eq!(between(60, &timing, 0), 150_000);
}

#[test]
fn faults_of_the_machine_do_not_count() {
    let of = |errno: rustix::io::Errno| Cause::of_io(&io::Error::from_raw_os_error(errno.raw_os_error()));
    use rustix::io::Errno;
    assert_eq!(of(Errno::MFILE), Cause::NoResources);
    assert_eq!(of(Errno::NFILE), Cause::NoResources);
    assert_eq!(of(Errno::NOMEM), Cause::NoResources);
    assert_eq!(of(Errno::AGAIN), Cause::NoResources);
    assert_eq!(of(Errno::NOSPC), Cause::NoSpace);
    assert_eq!(of(Errno::DQUOT), Cause::NoSpace);
    assert_eq!(of(Errno::ROFS), Cause::Unavailable);
    // What the prover should have written.
    assert_eq!(of(Errno::NOENT), Cause::Died);
    let tries = Tries { attempt: 7, faults: 3 };
    assert_eq!((tries.counted(Cause::Died), tries.counted(Cause::NoSpace)), (4, 3));
    assert!(Cause::ALL
        .iter()
        .all(|cause| Cause::parse(cause.name()) == Some(*cause)));
}
