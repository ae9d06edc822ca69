//! Conditional writes: of many at once one wins, also when several servers serve the directory.

use aws_sdk_s3::Client;
use tokio::task::JoinSet;

use crate::fixture::{BUCKET, Fixture, assert_refused, client_at, refusal, serve};

const WRITERS: usize = 16;

/// Clients of two servers of one directory, in turn.
fn clients(first: &Client, second: &Client) -> impl Iterator<Item = Client> {
    [first.clone(), second.clone()]
        .into_iter()
        .cycle()
        .take(WRITERS)
}

async fn start_two() -> (Fixture, local_s3::LocalS3, Client, Client) {
    let (fixture, first) = Fixture::start_with_bucket().await;
    let other = serve(&fixture.path()).await;
    let endpoint = format!("http://{}", other.address());
    let second = client_at(&endpoint, "AKIDEXAMPLE", "us-east-1");
    (fixture, other, first, second)
}

async fn etag(client: &Client) -> String {
    let head = client.head_object().bucket(BUCKET).key("lease");
    head.send().await.unwrap().e_tag().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_first_puts_at_two_servers_one_wins() {
    let (_fixture, _other, first, second) = start_two().await;
    for round in 0..5 {
        let mut puts = JoinSet::new();
        for (writer, client) in clients(&first, &second).enumerate() {
            let call = client.put_object().bucket(BUCKET).key(format!("{round}"));
            let body = format!("writer {writer}").into_bytes();
            puts.spawn(call.if_none_match("*").body(body.into()).send());
        }
        let mut winners = 0;
        while let Some(put) = puts.join_next().await {
            match put.unwrap() {
                Ok(_) => winners += 1,
                lost => assert_refused(lost, 412, "PreconditionFailed"),
            }
        }
        assert_eq!(winners, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_replacements_of_one_etag_one_wins() {
    let (_fixture, _other, first, second) = start_two().await;
    let put = |client: &Client, content: String| {
        let call = client.put_object().bucket(BUCKET).key("lease");
        call.body(content.into_bytes().into())
    };
    put(&first, "0".to_owned()).send().await.unwrap();
    for round in 0..5 {
        let present = etag(&first).await;
        let mut puts = JoinSet::new();
        for (writer, client) in clients(&first, &second).enumerate() {
            let call = put(&client, format!("{round} {writer}"));
            puts.spawn(call.if_match(&present).send());
        }
        let mut winners = Vec::new();
        while let Some(put) = puts.join_next().await {
            match put.unwrap() {
                Ok(won) => winners.push(won.e_tag().unwrap().to_owned()),
                lost => assert_refused(lost, 412, "PreconditionFailed"),
            }
        }
        assert_eq!(winners, [etag(&second).await]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_conditional_deletes_one_wins() {
    let (fixture, _other, first, second) = start_two().await;
    let call = first.put_object().bucket(BUCKET).key("lease");
    call.body(vec![0].into()).send().await.unwrap();
    let present = etag(&first).await;
    let delete = |client: Client, etag: &str| {
        let call = client.delete_object().bucket(BUCKET).key("lease");
        call.if_match(etag).send()
    };
    let stale = delete(first.clone(), "\"0\"").await;
    assert_refused(stale, 412, "PreconditionFailed");
    let mut deletes = JoinSet::new();
    for client in clients(&first, &second) {
        deletes.spawn(delete(client, &present));
    }
    let mut winners = 0;
    while let Some(delete) = deletes.join_next().await {
        match delete.unwrap() {
            Ok(_) => winners += 1,
            lost => assert_refused(lost, 404, "NoSuchKey"),
        }
    }
    assert_eq!(winners, 1);
    let replace = fixture.client().put_object().bucket(BUCKET).key("lease");
    let gone = replace.if_match(&present).send().await;
    assert_refused(gone, 404, "NoSuchKey");
}

#[tokio::test]
async fn reads_are_conditional_too() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let call = client.put_object().bucket(BUCKET).key("lease");
    call.body(vec![0].into()).send().await.unwrap();
    let present = etag(&client).await;
    let get = || client.get_object().bucket(BUCKET).key("lease");
    get().if_match(&present).send().await.unwrap();
    get().if_none_match("\"0\"").send().await.unwrap();
    let stale = get().if_match("\"0\"").send().await;
    assert_refused(stale, 412, "PreconditionFailed");
    let unchanged = get().if_none_match(&present).send().await;
    assert_eq!(refusal(unchanged).status, 304);
    let head = client.head_object().bucket(BUCKET).key("lease");
    let stale = head.if_match("\"0\"").send().await;
    assert_eq!(refusal(stale).status, 412);
}
