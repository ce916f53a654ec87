use super::*;
use std::future::Future as _;

fn client(name: &str) -> Client {
    Client::Address(name.into())
}

#[tokio::test]
async fn nobody_takes_all_turns_and_nobody_waits_for_ever() {
    let mut turns = Turns::new(4);
    turns.patience = Duration::from_millis(50);
    let (a, b) = (client("a"), client("b"));
    let _held = [turns.take(&a).await.unwrap(), turns.take(&a).await.unwrap()];
    assert!(matches!(turns.take(&a).await, Err(ApiError::Busy)));
    let other = turns.take(&b).await.unwrap();
    drop(other);
    assert_eq!(turns.places(&b).share.available_permits(), 2);
}

#[tokio::test]
async fn the_newcomer_is_next_but_one() {
    let turns = Turns::new(1);
    let (a, b) = (client("a"), client("b"));
    let held = turns.take(&a).await.unwrap();
    let order = Mutex::new(vec![]);
    let next = |who: Client| {
        let (turns, order) = (&turns, &order);
        async move {
            let _turn = turns.take(&who).await.unwrap();
            order.lock().unwrap().push(who);
            tokio::task::yield_now().await;
        }
    };
    let release = async {
        tokio::task::yield_now().await;
        drop(held);
    };
    tokio::join!(next(a.clone()), next(a.clone()), next(a.clone()), next(b), release);
    let place = order
        .lock()
        .unwrap()
        .iter()
        .position(|who| *who == client("b"))
        .unwrap();
    assert!(place <= 1, "{order:?}");
}

#[tokio::test]
async fn a_long_queue_of_one_client_is_refused_and_forgotten() {
    let turns = Turns::new(2);
    let a = client("a");
    let held = turns.take(&a).await.unwrap();
    let more: Vec<_> = (1..WAITING).map(|_| turns.take(&a)).collect();
    let mut more: Vec<_> = more.into_iter().map(Box::pin).collect();
    for waiting in &mut more {
        let polled =
            std::future::poll_fn(|context| std::task::Poll::Ready(waiting.as_mut().poll(context).is_pending()));
        assert!(polled.await);
    }
    assert!(matches!(turns.take(&a).await, Err(ApiError::Busy)));
    drop(more);
    drop(held);
    let _b = turns.take(&client("b")).await.unwrap();
    assert_eq!(turns.clients.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_has_the_share_that_is_set() {
    let mut turns = Turns::new(64).each(2);
    turns.patience = Duration::from_millis(50);
    let (a, b) = (client("a"), client("b"));
    let _held = [turns.take(&a).await.unwrap(), turns.take(&a).await.unwrap()];
    assert!(matches!(turns.take(&a).await, Err(ApiError::Busy)));
    turns.take(&b).await.unwrap();
}

#[tokio::test]
async fn a_share_rests_after_its_turn_and_others_do_not_wait_for_it() {
    let turns = Turns::new(1).resting(1_000_000);
    let (a, b) = (client("a"), client("b"));
    let turn = turns.take(&a).await.unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    drop(turn);
    let free = |who| turns.places(who).share.available_permits();
    assert_eq!((turns.all.available_permits(), free(&a), free(&b)), (1, 0, 1));
    drop(turns.take(&b).await.unwrap());
    // Not for longer than REST.
    drop(turns.take(&a).await.unwrap());
    // Without a rest the share is free at once.
    let turns = Turns::new(1);
    drop(turns.take(&a).await.unwrap());
    assert_eq!(turns.places(&a).share.available_permits(), 1);
}
