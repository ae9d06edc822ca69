//! Policies and access control lists, and what the public access block makes of them.

use aws_sdk_s3::Client;
use aws_sdk_s3::types::{
    AccessControlPolicy, BucketCannedAcl, Grant, Grantee, ObjectOwnership, Owner,
    OwnershipControls, OwnershipControlsRule, Permission, Type,
};

use crate::fixture::{BUCKET, Fixture, assert_refused};

const ALL_USERS: &str = "http://acs.amazonaws.com/groups/global/AllUsers";
const ENFORCED: ObjectOwnership = ObjectOwnership::BucketOwnerEnforced;

fn policy(principal: &str, bucket: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":{principal},"Action":"s3:GetObject","Resource":"arn:aws:s3:::{bucket}/*"}}]}}"#
    )
}

async fn own(client: &Client, bucket: &str, ownership: ObjectOwnership) {
    let rule = OwnershipControlsRule::builder().object_ownership(ownership);
    let controls = OwnershipControls::builder().rules(rule.build().unwrap());
    let call = client.put_bucket_ownership_controls().bucket(bucket);
    let call = call.ownership_controls(controls.build().unwrap());
    call.send().await.unwrap();
}

async fn unblock(client: &Client) {
    let call = client.delete_public_access_block().bucket(BUCKET);
    call.send().await.unwrap();
}

/// The grants of a bucket as `grantee permission`.
async fn grants(client: &Client, bucket: &str) -> Vec<String> {
    let acl = client.get_bucket_acl().bucket(bucket).send().await.unwrap();
    assert_eq!(acl.owner().unwrap().id(), Some("000000000000"));
    let text = |grant: &Grant| {
        let grantee = grant.grantee().unwrap();
        let name = grantee.id().or(grantee.uri()).unwrap();
        format!("{name} {}", grant.permission().unwrap())
    };
    acl.grants().iter().map(text).collect()
}

#[tokio::test]
async fn a_policy_is_kept_and_deleted() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let get = || client.get_bucket_policy().bucket(BUCKET).send();
    let status = || client.get_bucket_policy_status().bucket(BUCKET).send();
    let missing = "NoSuchBucketPolicy";
    assert_refused(get().await, 404, missing);
    assert_refused(status().await, 404, missing);
    let wanted = policy(r#"{"AWS":"arn:aws:iam::123456789012:root"}"#, BUCKET);
    let put = client.put_bucket_policy().bucket(BUCKET).policy(&wanted);
    put.send().await.unwrap();
    assert_eq!(get().await.unwrap().policy(), Some(wanted.as_str()));
    let is_public = status().await.unwrap().policy_status.unwrap().is_public;
    assert_eq!(is_public, Some(false));
    let delete = || client.delete_bucket_policy().bucket(BUCKET).send();
    delete().await.unwrap();
    delete().await.unwrap();
    assert_refused(get().await, 404, missing);
}

#[tokio::test]
async fn a_malformed_policy_is_refused() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    for text in [
        "no json",
        "[]",
        "{}",
        r#"{"Version":"2026-01-01","Statement":[]}"#,
        r#"{"Statement":[{"Effect":"Allow"}]}"#,
        &policy(r#"{"AWS":"123456789012"}"#, "another-bucket"),
    ] {
        let put = client.put_bucket_policy().bucket(BUCKET).policy(text);
        assert_refused(put.send().await, 400, "MalformedPolicy");
    }
}

#[tokio::test]
async fn a_public_policy_needs_the_block_off() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let wanted = policy(r#""*""#, BUCKET);
    let put = || client.put_bucket_policy().bucket(BUCKET).policy(&wanted);
    assert_refused(put().send().await, 403, "AccessDenied");
    unblock(&client).await;
    put().send().await.unwrap();
    let status = client.get_bucket_policy_status().bucket(BUCKET).send();
    let status = status.await.unwrap().policy_status.unwrap();
    assert_eq!(status.is_public, Some(true));
}

#[tokio::test]
async fn a_bucket_with_enforced_ownership_has_the_private_list_only() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    let private = ["000000000000 FULL_CONTROL"];
    assert_eq!(grants(&client, BUCKET).await, private);
    let put = |acl: &str| {
        let call = client.put_bucket_acl().bucket(BUCKET);
        call.acl(BucketCannedAcl::from(acl)).send()
    };
    for acl in ["private", "bucket-owner-full-control"] {
        put(acl).await.unwrap();
        assert_eq!(grants(&client, BUCKET).await, private);
    }
    let refused = "AccessControlListNotSupported";
    assert_refused(put("public-read").await, 400, refused);
    let granted = client.put_bucket_acl().bucket(BUCKET);
    let granted = granted.grant_read("id=\"123456789012\"").send().await;
    assert_refused(granted, 400, refused);
}

#[tokio::test]
async fn lists_are_put_in_every_form() {
    let (_fixture, client) = Fixture::start_with_bucket().await;
    own(&client, BUCKET, ObjectOwnership::ObjectWriter).await;
    let put = || client.put_bucket_acl().bucket(BUCKET);
    let public = || put().acl(BucketCannedAcl::PublicRead).send();
    assert_refused(public().await, 403, "AccessDenied");
    unblock(&client).await;
    public().await.unwrap();
    let owner = "000000000000 FULL_CONTROL".to_owned();
    let read = format!("{ALL_USERS} READ");
    assert_eq!(grants(&client, BUCKET).await, [owner, read.clone()]);

    let by_header = put().grant_write_acp("id=\"123456789012\"");
    let by_header = by_header.grant_read(format!("uri=\"{ALL_USERS}\""));
    by_header.send().await.unwrap();
    let expected = [read, "123456789012 WRITE_ACP".to_owned()];
    assert_eq!(grants(&client, BUCKET).await, expected);

    let grantee = Grantee::builder().r#type(Type::CanonicalUser);
    let grantee = grantee.id("123456789012").build().unwrap();
    let grant = Grant::builder().grantee(grantee);
    let document = |owner: &str| {
        let grant = grant.clone().permission(Permission::Write).build();
        let owner = Owner::builder().id(owner).build();
        let policy = AccessControlPolicy::builder().grants(grant).owner(owner);
        put().access_control_policy(policy.build())
    };
    document("000000000000").send().await.unwrap();
    assert_eq!(grants(&client, BUCKET).await, ["123456789012 WRITE"]);
    let foreign = document("123456789012").send().await;
    assert_refused(foreign, 403, "AccessDenied");
    let both = document("000000000000").acl(BucketCannedAcl::Private);
    assert_refused(both.send().await, 400, "UnexpectedContent");
    let both = put().acl(BucketCannedAcl::Private).grant_read("id=\"1\"");
    assert_refused(both.send().await, 400, "InvalidRequest");
    assert_refused(put().send().await, 400, "MissingSecurityHeader");
    let unknown = put().grant_read("who=\"1\"").send().await;
    assert_refused(unknown, 400, "InvalidArgument");

    let rule = OwnershipControlsRule::builder().object_ownership(ENFORCED);
    let controls = OwnershipControls::builder().rules(rule.build().unwrap());
    let enforce = client.put_bucket_ownership_controls().bucket(BUCKET);
    let enforce = enforce.ownership_controls(controls.build().unwrap());
    let code = "InvalidBucketAclWithObjectOwnership";
    assert_refused(enforce.send().await, 400, code);
}

#[tokio::test]
async fn a_create_takes_a_list_and_a_repeat_takes_it_back() {
    let fixture = Fixture::start().await;
    let client = fixture.client();
    let create = || client.create_bucket().bucket(BUCKET);
    let owned = || create().object_ownership(ObjectOwnership::BucketOwnerPreferred);
    let granted = create().grant_read("id=\"123456789012\"").send().await;
    assert_refused(granted, 400, "InvalidBucketAclWithObjectOwnership");
    let public = owned().grant_read(format!("uri=\"{ALL_USERS}\"")).send();
    let code = "InvalidBucketAclWithBlockPublicAccessError";
    assert_refused(public.await, 400, code);
    let ids = "id=\"123456789012\"";
    let all = owned().grant_full_control(ids).grant_read(ids);
    let all = all
        .grant_read_acp(ids)
        .grant_write(ids)
        .grant_write_acp(ids);
    all.send().await.unwrap();
    let permissions = ["FULL_CONTROL", "READ", "READ_ACP", "WRITE", "WRITE_ACP"];
    let expected = permissions.map(|permission| format!("123456789012 {permission}"));
    assert_eq!(grants(&client, BUCKET).await, expected);
    create().send().await.unwrap();
    assert_eq!(grants(&client, BUCKET).await, ["000000000000 FULL_CONTROL"]);
    let controls = client.get_bucket_ownership_controls().bucket(BUCKET);
    let controls = controls.send().await.unwrap().ownership_controls.unwrap();
    let ownership = controls.rules()[0].object_ownership();
    assert_eq!(ownership, &ObjectOwnership::BucketOwnerPreferred);
}
