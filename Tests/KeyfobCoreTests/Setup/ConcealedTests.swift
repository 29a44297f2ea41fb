import KeyfobCore
import Testing

/// What a person may be shown of files that also hold secrets.
@Suite struct `A line of settings` {
    @Test(
        arguments: [
            (#"    "auth": "YWxpY2U6cHc=","#, #"    "auth": ...,"#),
            (#"{"auths":{"a":{"auth":"eA==","email":"e"}}}"#, #"{"auths":{"a":{"auth":...,"email":"e"}}}"#),
            (#""identitytoken": "a\"b", "x": 1"#, #""identitytoken": ..., "x": 1"#),
            ("token: abc def", "token: ..."), ("    client-key-data: QUJD", "    client-key-data: ..."),
            ("//registry/:_authToken=npm_abc", "//registry/:_authToken=..."), ("password = p w", "password = ..."),
            ("extraHeader = Authorization: Bearer x", "extraHeader = ..."), ("_password='a b' x", "_password=... x"),
            ("index-url = https://me:pw@host/simple", "index-url = https://...@host/simple"),
            ("index-url = https://tok@host/simple", "index-url = https://...@host/simple"),
            ("x: 0123456789abcdef0123456789abcdef", "x: ..."), ("ghp_0123456789012345678901234567890123 y", "... y"),
            ("token:", "token:"), (#""tokens": ["a", "b"],"#, #""tokens": ..."#), ("value: x", "value: ..."),
            ("token =  ", "token =  "),
        ])
    func `shows no secret`(line: String, shown: String) {
        #expect(Concealed(ours: []).shown(Substring(line)) == shown)
    }

    @Test(
        arguments: [
            #""credHelpers": {"registry.example": "keyfob"}"#, #"token_helper = "/home/me/bin/vault-token-keyfob""#,
            "//host/:tokenHelper=/home/me/.local/lib/keyfob/pnpm-host", "keyring-provider = subprocess",
            #"global-credential-providers = ["cargo:token", "/home/me/bin/cargo-credential-keyfob"]"#,
        ])
    func `shows what is ours as it is`(line: String) {
        #expect(Concealed(ours: [line]).shown(Substring(line)) == line)
    }

    @Test(
        arguments: [
            "[registry]", "jobs = 2", "https://host/a@b", "# a comment: with a colon", "\thelper = store", "",
            #"  "credsStore": {"#.replacing("{", with: "["),
        ])
    func `shows what is no secret`(line: String) {
        #expect(Concealed(ours: []).shown(Substring(line)) == line)
    }
}
