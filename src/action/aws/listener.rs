//! `listener.create-https` and `listener.create-redirect`: the two listeners of a site's balancer.
//!
//! A port has one listener at most, so the port is where our own is looked for before each try, and its tag says whose it is. A listener
//! of ours with other settings than wanted is not changed: an undo and a redo make it anew.

use super::answers::{answered, outputs, said};
use super::elb;
use super::preview::{request, shown, words};
use crate::access::{Aws, AwsError};
use crate::action::{Applied, Context, Glance, Perform, Stop, Verified, send_until_taken, wait_until};
use crate::model::{
    Advice, Arn, Change, Failure, Finding, Found, ListenerCreateHttps, ListenerCreateRedirect, Text, tell,
};
use aws_sdk_elasticloadbalancingv2::operation::create_listener::builders::CreateListenerFluentBuilder;
use aws_sdk_elasticloadbalancingv2::types::{
    Action, ActionTypeEnum, Certificate, Listener, ProtocolEnum, RedirectActionConfig, RedirectActionStatusCodeEnum,
};
use serde_json::{Value, json};
use std::cell::Cell;
use std::time::Duration;

/// TLS 1.3 and 1.2: what AWS recommends, and what a site behind an old nginx had.
const SSL_POLICY: &str = "ELBSecurityPolicy-TLS13-1-2-2021-06";

/// ELB learns of a certificate some seconds after ACM has issued it; refusals for longer are meant.
const CERTIFICATE_PATIENCE: Duration = Duration::from_secs(60);

/// What the two kinds have in common; what differs is the request and when a listener is as wanted.
trait Listen {
    fn port(&self) -> u16;
    fn balancer(&self) -> &Arn;
    fn request(&self, request: CreateListenerFluentBuilder) -> CreateListenerFluentBuilder;
    /// Whether it is as wanted.
    fn fits(&self, listener: &Listener) -> Result<bool, Failure>;

    /// What `request` adds, under AWS's names.
    fn told(&self) -> Vec<(&'static str, Value)>;

    /// The call that creates it.
    fn creating(&self) -> Vec<Change> {
        let both = [
            ("LoadBalancerArn", shown(self.balancer())),
            ("Port", json!(self.port()).into()),
            ("Tags", words("Name=the action, your own tags, and the run's").into()),
        ];
        let own = self.told().into_iter().map(|(name, value)| (name, value.into()));
        vec![request("elasticloadbalancing:CreateListener", both.into_iter().chain(own))]
    }

    fn name(&self) -> Text {
        tell!("the listener on port {} of `{}`", self.port(), elb::short_name(self.balancer()))
    }
}

/// The listener on the port when this run made it.
async fn own(it: &impl Listen, cx: &Context<'_>, aws: &Aws) -> Result<Option<String>, Failure> {
    let Some(found) = elb::listener(aws, it.balancer().as_str(), it.port()).await? else { return Ok(None) };
    let arn = said(found.listener_arn(), format_args!("which listener is {}", it.name()))?.to_owned();
    if !elb::is_ours(cx, aws, &arn).await? {
        return Err(Failure::refused(format!("{} is already there and is not this run's", it.name()))
            .advise(Advice::then_resume("remove it when nobody needs it")));
    }
    if !it.fits(&found)? {
        return Err(Failure::refused(format!("{} is this run's but was made or changed otherwise", it.name()))
            .advise(Advice::then_resume("delete that listener").which("makes it anew")));
    }
    Ok(Some(arn))
}

async fn observe(it: &impl Listen, cx: &Context<'_>) -> Result<Finding, Failure> {
    Ok(match own(it, cx, &*cx.aws().await?).await? {
        None => Finding::new(Found::Absent, false, format!("{} is not there", it.name())),
        Some(arn) => Finding {
            outputs: outputs([("listener", &arn)]),
            ..Finding::new(Found::Holds, true, format!("{} is there and this run's", it.name()))
        },
    })
}

async fn apply(it: &impl Listen, cx: &Context<'_>) -> Result<Applied, Stop> {
    let aws = cx.aws().await?;
    let refused = Cell::new(0);
    let find = async || own(it, cx, &aws).await;
    let arn = send_until_taken(cx, it.name().as_str(), find, async || {
        let request = aws.write.elb.create_listener().load_balancer_arn(it.balancer().as_str());
        let request =
            it.request(request.port(i32::from(it.port()))).set_tags(elb::tags(cx, &cx.call().action.to_string()));
        let e = match request.send().await {
            Ok(answer) => {
                let arn = answer.listeners().first().and_then(|l| l.listener_arn()).map(str::to_owned);
                return Ok(Glance::Done(answered(arn, format_args!("which listener is {}", it.name()))?));
            }
            Err(e) => AwsError::from(e),
        };
        let failure = || e.failure(format!("cannot create {}", it.name()));
        match &e {
            // Somebody was quicker, or our own does not show yet: the next look tells whose it is.
            e if e.is(&["DuplicateListener"]) => {
                Ok(Glance::NotYet(format!("{} is there and not listed yet", it.name())))
            }
            e if e.is(&["UnsupportedCertificate", "CertificateNotFound"]) => {
                refused.set(refused.get() + 1);
                if refused.get() <= cx.looks(CERTIFICATE_PATIENCE) {
                    return Ok(Glance::NotYet(format!(
                        "the balancer does not take the certificate yet: {}",
                        e.message
                    )));
                }
                Err(failure()
                    .advise("the certificate must be issued, in the balancer's region, RSA or ECDSA P-256/P-384"))
            }
            _ => Err(failure()),
        }
    })
    .await?;
    Ok(outputs([("listener", &arn)]))
}

async fn verify(it: &impl Listen, cx: &Context<'_>) -> Result<Verified, Stop> {
    let aws = cx.aws().await?;
    let arn = wait_until(cx, it.name().as_str(), async || {
        Ok(match own(it, cx, &aws).await? {
            Some(arn) => Glance::Done(arn),
            None => Glance::NotYet(format!("{} is not listed yet", it.name())),
        })
    })
    .await?;
    Ok(Verified { outputs: outputs([("listener", &arn)]), evidence: format!("{} is there", it.name()) })
}

async fn undo(it: &impl Listen, cx: &Context<'_>) -> Result<String, Stop> {
    let aws = cx.aws().await?;
    let nothing = format!("there is no listener of this run on port {} of its balancer", it.port());
    let Some(found) = elb::listener(&aws, it.balancer().as_str(), it.port()).await? else { return Ok(nothing) };
    let arn = said(found.listener_arn(), format_args!("which listener is {}", it.name()))?;
    if !elb::is_ours(cx, &aws, arn).await? {
        return Ok(nothing);
    }
    match aws.write.elb.delete_listener().listener_arn(arn).send().await.map_err(AwsError::from) {
        Ok(_) => {}
        Err(e) if e.is(elb::NOT_FOUND) => {}
        Err(e) => return Err(e.failure(format!("cannot delete {}", it.name())).into()),
    }
    Ok(format!("{} is deleted", it.name()))
}

impl Listen for ListenerCreateHttps {
    fn port(&self) -> u16 {
        self.port
    }

    fn balancer(&self) -> &Arn {
        &self.load_balancer
    }

    fn request(&self, request: CreateListenerFluentBuilder) -> CreateListenerFluentBuilder {
        let forward = Action::builder().r#type(ActionTypeEnum::Forward).target_group_arn(self.target_group.as_str());
        request
            .protocol(ProtocolEnum::Https)
            .ssl_policy(SSL_POLICY)
            .certificates(Certificate::builder().certificate_arn(self.certificate.as_str()).build())
            .default_actions(forward.build())
    }

    fn told(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("Protocol", json!("HTTPS")),
            ("SslPolicy", json!(SSL_POLICY)),
            ("Certificates", json!([{"CertificateArn": self.certificate}])),
            ("DefaultActions", json!([{"Type": "forward", "TargetGroupArn": self.target_group}])),
        ]
    }

    fn fits(&self, listener: &Listener) -> Result<bool, Failure> {
        let forwards = |action: &Action| {
            let groups = action.forward_config().into_iter().flat_map(|f| f.target_groups());
            action
                .target_group_arn()
                .into_iter()
                .chain(groups.filter_map(|g| g.target_group_arn()))
                .any(|arn| arn == self.target_group.as_str())
        };
        let protocol = said(listener.protocol(), format_args!("the protocol of {}", self.name()))?;
        Ok(*protocol == ProtocolEnum::Https
            && listener.certificates().iter().any(|c| c.certificate_arn() == Some(self.certificate.as_str()))
            && listener.default_actions().iter().any(forwards))
    }
}

impl Perform for ListenerCreateHttps {
    const OBSERVE_PERMISSIONS: &'static [&'static str] =
        &["elasticloadbalancing:DescribeListeners", "elasticloadbalancing:DescribeTags"];
    const PERMISSIONS: &'static [&'static str] = &[
        "elasticloadbalancing:DescribeListeners",
        "elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:CreateListener",
        "elasticloadbalancing:AddTags",
    ];
    const UNDO_PERMISSIONS: &'static [&'static str] = &["elasticloadbalancing:DeleteListener"];

    fn sentence(&self) -> Text {
        tell!(
            "create the HTTPS listener on port {} of `{}`, forwarding to target group `{}`",
            self.port,
            elb::short_name(&self.load_balancer),
            elb::short_name(&self.target_group)
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete {}", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        self.creating()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        observe(self, cx).await
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        apply(self, cx).await
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        verify(self, cx).await
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        undo(self, cx).await
    }
}

impl Listen for ListenerCreateRedirect {
    fn port(&self) -> u16 {
        self.port
    }

    fn balancer(&self) -> &Arn {
        &self.load_balancer
    }

    fn request(&self, request: CreateListenerFluentBuilder) -> CreateListenerFluentBuilder {
        let redirect = RedirectActionConfig::builder()
            .protocol("HTTPS")
            .port(self.to_port.to_string())
            .host("#{host}")
            .path("/#{path}")
            .query("#{query}")
            .status_code(RedirectActionStatusCodeEnum::Http301)
            .build();
        let action = Action::builder().r#type(ActionTypeEnum::Redirect).redirect_config(redirect).build();
        request.protocol(ProtocolEnum::Http).default_actions(action)
    }

    fn told(&self) -> Vec<(&'static str, Value)> {
        let redirect = json!({
            "Protocol": "HTTPS", "Port": self.to_port.to_string(), "Host": "#{host}", "Path": "/#{path}",
            "Query": "#{query}", "StatusCode": "HTTP_301",
        });
        vec![("Protocol", json!("HTTP")), ("DefaultActions", json!([{"Type": "redirect", "RedirectConfig": redirect}]))]
    }

    fn fits(&self, listener: &Listener) -> Result<bool, Failure> {
        let port = self.to_port.to_string();
        let protocol = said(listener.protocol(), format_args!("the protocol of {}", self.name()))?;
        Ok(*protocol == ProtocolEnum::Http
            && listener.default_actions().iter().filter_map(Action::redirect_config).any(|redirect| {
                redirect.protocol() == Some("HTTPS")
                    && redirect.port() == Some(port.as_str())
                    && redirect.status_code() == Some(&RedirectActionStatusCodeEnum::Http301)
            }))
    }
}

impl Perform for ListenerCreateRedirect {
    const OBSERVE_PERMISSIONS: &'static [&'static str] = <ListenerCreateHttps as Perform>::OBSERVE_PERMISSIONS;
    const PERMISSIONS: &'static [&'static str] = <ListenerCreateHttps as Perform>::PERMISSIONS;
    const UNDO_PERMISSIONS: &'static [&'static str] = <ListenerCreateHttps as Perform>::UNDO_PERMISSIONS;

    fn sentence(&self) -> Text {
        tell!(
            "create the HTTP listener on port {} of `{}`, redirecting to HTTPS:{} (301)",
            self.port,
            elb::short_name(&self.load_balancer),
            self.to_port
        )
    }

    fn undo_sentence(&self) -> Option<Text> {
        Some(tell!("delete {}", self.name()))
    }

    fn changes(&self) -> Vec<Change> {
        self.creating()
    }

    async fn observe(&self, cx: &Context<'_>) -> Result<Finding, Failure> {
        observe(self, cx).await
    }

    async fn apply(&self, cx: &Context<'_>) -> Result<Applied, Stop> {
        apply(self, cx).await
    }

    async fn verify(&self, cx: &Context<'_>) -> Result<Verified, Stop> {
        verify(self, cx).await
    }

    async fn undo(&self, cx: &Context<'_>) -> Result<String, Stop> {
        undo(self, cx).await
    }
}
