import OAuth

/// The table of the providers' OAuth 2.0 endpoints, from their documentation (2026). More common providers come first.
///
/// A provider's row for self-hosted servers has no ``KnownHost/authority``: its endpoints are on the service's origin.
/// If the user names the provider and there are several such rows, the first one is used.
extension KnownHost {
    static let rows = [
        github, gitHubEnterpriseServer, gitHubDataResidency, gitlab, gitea, forgejo, bitbucketCloud,
        bitbucketDataCenter,
        azureDevOps, googleSource, huggingFace, gmail, outlook, yahooMail, fastmail,
    ]

    // MARK: GitHub
    // The metadata are a preview on github.com and absent elsewhere, so the endpoints are listed here. GitHub accepts
    // any port of a loopback redirect URI. Enterprise Server ignores PKCE.

    private static let gitHubShape = ServerShape.endpoints(
        authorization: "/login/oauth/authorize", token: "/login/oauth/access_token", device: "/login/device/code")
    private static let gitHubQuirks = [
        "register an OAuth app with the callback URL http://127.0.0.1/callback; any port will do at a login",
        "enable the device flow in the app's settings to use it: it is the one that needs no client secret",
        "in a browser a client_secret is needed, for GitHub has no public clients (RFC 6749 section 2.1)",
        "tokens of an OAuth app do not expire; those of a GitHub App do, and the app limits them, not the scopes",
    ]

    /// Gists are also repositories, and sign-ins for them are at github.com.
    private static let github = KnownHost(
        provider: "github", name: "GitHub", hosts: ["github.com", "gist.github.com"],
        authority: "https://github.com", shape: gitHubShape, registration: "/settings/applications/new",
        tokenDeletion: "https://api.github.com/applications/{client_id}/token", grants: "/settings/applications",
        scopes: ["repo", "gist", "workflow"], username: "x-access-token", pkce: .assumed,
        quirks: gitHubQuirks, ownClient: .withoutSecretByDevice)

    /// Enterprise Cloud with data residency: each enterprise has its own name below ghe.com.
    private static let gitHubDataResidency = KnownHost(
        provider: "github", name: "GitHub Enterprise Cloud", hosts: [".ghe.com"], shape: gitHubShape,
        registration: "/settings/applications/new",
        tokenDeletion: "https://api.{host}/applications/{client_id}/token", grants: "/settings/applications",
        scopes: ["repo", "gist", "workflow"], username: "x-access-token", pkce: .assumed,
        quirks: gitHubQuirks, ownClient: .withoutSecretByDevice)

    private static let gitHubEnterpriseServer = KnownHost(
        provider: "github", name: "GitHub Enterprise Server", shape: gitHubShape,
        registration: "/settings/applications/new",
        tokenDeletion: "{origin}/api/v3/applications/{client_id}/token", grants: "/settings/applications",
        scopes: ["repo", "gist", "workflow"], username: "x-access-token", pkce: .assumed,
        quirks: gitHubQuirks, ownClient: .withoutSecretByDevice)

    // MARK: GitLab
    // The metadata are at the path of OpenID Connect; older releases name neither S256 nor the device endpoint there.

    private static let gitlab = KnownHost(
        provider: "gitlab", name: "GitLab",
        hosts: [
            "gitlab.com", "salsa.debian.org", "gitlab.gnome.org", "gitlab.freedesktop.org", "invent.kde.org",
            "framagit.org", "gitlab.haskell.org",
        ],
        shape: .issuer(device: "/oauth/authorize_device"), tokenPath: "/oauth/token",
        metadataScope: "read_repository", registration: "/-/user_settings/applications",
        scopes: ["read_repository", "write_repository"], username: "oauth2", pkce: .assumed,
        quirks: [
            "register an application that is not confidential, with the redirect URI http://127.0.0.1/callback",
            "the device flow needs GitLab 17.2 or newer",
            "access tokens live for two hours, and each refresh token serves once",
        ])

    // MARK: Gitea and Forgejo

    private static let gitea = giteaHost(
        provider: "gitea", name: "Gitea or Forgejo", hosts: ["codeberg.org", "gitea.com", "code.forgejo.org"])
    private static let forgejo = giteaHost(provider: "forgejo", name: "Forgejo")

    private static func giteaHost(provider: String, name: String, hosts: [String] = []) -> KnownHost {
        KnownHost(
            provider: provider, name: name, hosts: hosts, shape: .issuer(), tokenPath: "/login/oauth/access_token",
            registration: "/user/settings/applications", grants: "/user/settings/applications",
            scopes: ["read:repository", "write:repository"], username: "oauth2", pkce: .assumed,
            quirks: [
                "register an application that is not confidential, with the redirect URI http://127.0.0.1/callback; "
                    + "any port will do then, and localhost will not",
                "Forgejo, and Gitea before 1.23, give the token all that the account may do, whatever the scopes",
                "there is no device flow",
            ])
    }

    // MARK: Bitbucket

    /// The server accepts redirect URIs that begin with the registered one, including its port.
    private static let bitbucketCloud = KnownHost(
        provider: "bitbucket", name: "Bitbucket Cloud", hosts: ["bitbucket.org"], authority: "https://bitbucket.org",
        shape: .endpoints(authorization: "/site/oauth2/authorize", token: "/site/oauth2/access_token"),
        registration: "https://support.atlassian.com/bitbucket-cloud/docs/use-oauth-on-bitbucket-cloud/",
        grants: "/account/settings/app-authorizations/",
        scopes: ["repository", "repository:write"], username: "x-token-auth",
        redirect: try? RedirectTemplate("http://localhost:48737/callback"), pkce: .assumed,
        quirks: [
            "register an OAuth consumer in the workspace's settings; its key is the client_id",
            "there are no public clients: client_secret is needed, which each person should have of their own",
            "the callback URL must be the redirect URI with its port",
            "the consumer's permissions are what counts, not the scopes that are asked for",
        ], ownClient: .withSecret)

    private static let bitbucketDataCenter = KnownHost(
        provider: "bitbucket-data-center", name: "Bitbucket Data Center",
        shape: .endpoints(authorization: "/rest/oauth2/latest/authorize", token: "/rest/oauth2/latest/token"),
        ownSegments: ["scm", "projects", "users", "rest", "plugins"],
        registration: "/plugins/servlet/applinks/listApplicationLinks",
        scopes: ["REPO_WRITE"], username: "x-token-auth",
        redirect: try? RedirectTemplate("http://localhost:48737/callback"), pkce: .assumed,
        quirks: [
            "an administrator creates an incoming link (external application), in version 7.20 or newer",
            "it gives each client a secret: client_secret is needed beside PKCE",
            "if it runs below a path, set issuer = \"https://HOST/PATH\" with that path",
            "it takes https redirect URIs alone, unless the administrator allows others by a system property",
        ], ownClient: .withSecret)

    // MARK: Azure DevOps
    // Microsoft Entra's metadata for all organisations name an issuer with a placeholder, which RFC 8414 section 3.3
    // forbids to use, so the endpoints are listed here. Entra understands S256 and does not announce it.

    private static let azureDevOps = KnownHost(
        provider: "azure-devops", name: "Azure DevOps", hosts: ["dev.azure.com", ".visualstudio.com"],
        authority: "https://login.microsoftonline.com",
        shape: .endpoints(
            authorization: "/organizations/oauth2/v2.0/authorize", token: "/organizations/oauth2/v2.0/token",
            device: "/organizations/oauth2/v2.0/devicecode"),
        registration: "https://learn.microsoft.com/entra/identity-platform/quickstart-register-app",
        grants: "https://myapplications.microsoft.com/",
        // The identifier is that of Azure DevOps itself and the same for all users.
        scopes: ["499b84ac-1321-427f-aa17-267ca6975798/vso.code_write", "offline_access"], username: "oauth2",
        nameSource: .urlOfOrganisation,
        redirect: try? RedirectTemplate("http://localhost/callback"), pkce: .assumed,
        quirks: [
            "the sign-in is Microsoft Entra's, for work and school accounts, at login.microsoftonline.com",
            "register an application with the platform 'Mobile and desktop applications', the redirect URI "
                + "http://localhost/callback and the delegated permission vso.code_write of Azure DevOps",
            "any port will do with localhost; for the device flow allow public client flows",
            "an application of one organisation needs issuer = \"https://login.microsoftonline.com/TENANT/v2.0\"",
        ])

    // MARK: Google

    private static let googleSource = KnownHost(
        provider: "google-source", name: "Google Source", hosts: [".googlesource.com"],
        authority: "https://accounts.google.com", shape: .issuer(),
        registration: "https://console.cloud.google.com/apis/credentials",
        scopes: ["https://www.googleapis.com/auth/gerritcodereview"], username: "git-keyfob",
        quirks: [
            "register an OAuth client of the type 'Desktop app'; no redirect URI is written down, any port will do",
            "its client_secret is needed, though it is none (RFC 8252 section 8.5)",
            "Google's device flow does not give this scope",
        ], ownClient: .withSecret)

    // MARK: Hugging Face

    private static let huggingFace = KnownHost(
        provider: "huggingface", name: "Hugging Face", hosts: ["huggingface.co", "hf.co"],
        authority: "https://huggingface.co", shape: .issuer(device: "/oauth/device"),
        registration: "/settings/applications/new", grants: "/settings/connected-applications",
        scopes: ["read-repos", "write-repos"], username: "hf_user", pkce: .assumed,
        quirks: [
            "register an application without a secret, with the redirect URI http://127.0.0.1/callback",
            "repositories of an organisation are reached if it is ticked on the page where access is granted",
        ])

    // MARK: Mail
    // The sign-in of a mail account, for git send-email and git imap-send. The user name is the mail address, which git sends.

    /// https://developers.google.com/workspace/gmail/imap/xoauth2-protocol
    private static let gmail = KnownHost(
        provider: "gmail", name: "Gmail", hosts: ["mail.google.com"],
        authority: "https://accounts.google.com", shape: .issuer(),
        registration: "https://console.cloud.google.com/apis/credentials",
        scopes: ["https://mail.google.com/"], username: nil,
        quirks: [
            "register an OAuth client of the type 'Desktop app'; no redirect URI is written down, any port will do",
            "its client_secret is needed, though it is none (RFC 8252 section 8.5)",
        ], ownClient: .withSecret,
        mailServers: ["smtp.gmail.com", "imap.gmail.com", "smtp.googlemail.com", "imap.googlemail.com"])

    /// https://learn.microsoft.com/exchange/client-developer/legacy-protocols, "Authenticate an IMAP, POP or SMTP connection
    /// using OAuth"
    private static let outlook = KnownHost(
        provider: "outlook", name: "Outlook",
        hosts: ["outlook.office.com", "outlook.office365.com", "outlook.live.com"],
        authority: "https://login.microsoftonline.com",
        shape: .endpoints(
            authorization: "/common/oauth2/v2.0/authorize", token: "/common/oauth2/v2.0/token",
            device: "/common/oauth2/v2.0/devicecode"),
        registration: "https://learn.microsoft.com/entra/identity-platform/quickstart-register-app",
        grants: "https://myapplications.microsoft.com/",
        scopes: [
            "https://outlook.office.com/SMTP.Send", "https://outlook.office.com/IMAP.AccessAsUser.All",
            "offline_access",
        ], username: nil, redirect: try? RedirectTemplate("http://localhost/callback"), pkce: .assumed,
        quirks: [
            "register an application with the platform 'Mobile and desktop applications', the redirect URI "
                + "http://localhost/callback and the delegated permissions SMTP.Send and IMAP.AccessAsUser.All",
            "any port will do with localhost; for the device flow allow public client flows",
        ],
        mailServers: ["smtp.office365.com", "smtp-mail.outlook.com", "outlook.office365.com", "imap-mail.outlook.com"])

    /// https://developer.yahoo.com/sender-hub/documentation/
    private static let yahooMail = KnownHost(
        provider: "yahoo", name: "Yahoo Mail", hosts: ["mail.yahoo.com"], authority: "https://api.login.yahoo.com",
        shape: .endpoints(authorization: "/oauth2/request_auth", token: "/oauth2/get_token"),
        registration: "https://developer.yahoo.com/apps/create/",
        scopes: ["mail-w"], username: nil, redirect: try? RedirectTemplate("http://localhost/callback"), pkce: .assumed,
        quirks: ["Yahoo grants mail-w only to applications that it has approved for mail"],
        mailServers: ["smtp.mail.yahoo.com", "imap.mail.yahoo.com"])

    /// https://www.fastmail.com/dev/
    private static let fastmail = KnownHost(
        provider: "fastmail", name: "Fastmail", hosts: ["www.fastmail.com", "app.fastmail.com"],
        authority: "https://api.fastmail.com",
        shape: .endpoints(
            authorization: "/oauth/authorize", token: "/oauth/refresh", revocation: "/oauth/revoke"),
        registration: "https://www.fastmail.com/dev/",
        scopes: ["https://www.fastmail.com/dev/protocol-smtp", "https://www.fastmail.com/dev/protocol-imap"],
        username: nil, pkce: .assumed,
        quirks: ["Fastmail registers clients on request, with a redirect URI on this machine"],
        mailServers: ["smtp.fastmail.com", "imap.fastmail.com"])
}
