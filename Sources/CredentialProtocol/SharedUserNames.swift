/// User names that are the same for all users of a service.
package enum SharedUserNames {
    /// User names that services want with the token of any user, or that their documentation puts into URLs.
    package static let all: Set<String> = [
        "", "git", "token", "oauth2", "oauth2accesstoken", "gitlab-ci-token", "x-oauth-basic",
        "x-bitbucket-api-token-auth", "PersonalAccessToken", "pat", "__token__", "_token", "VssSessionToken",
    ]
}
