import Addresses
import CredentialProtocol
import Dialects
import KeyfobCore

/// Terraform and OpenTofu (developer.hashicorp.com/terraform/cli/config/config-file), Vault and OpenBao
/// (developer.hashicorp.com/vault/docs/commands/token-helper). The user writes the one line into their HCL file.
extension SetupCaller {
    static let terraform = credentialsHelper("terraform", variable: "TF_CLI_CONFIG_FILE", file: "/.terraformrc")

    static let tofu = credentialsHelper("tofu", variable: "TF_CLI_CONFIG_FILE", file: "/.tofurc")

    static let vault = tokenHelper("vault", path: "VAULT_CONFIG_PATH", file: "/.vault")

    static let bao = tokenHelper("bao", path: "BAO_CONFIG_PATH", file: "/.bao")

    private static func credentialsHelper(_ name: String, variable: String, file: String) -> SetupCaller {
        let plugin: @Sendable (SetupScene) -> String = {
            $0.home + "/.terraform.d/plugins/" + TerraformDialect.link
        }
        return SetupCaller(
            name: name, programs: [name], summary: "\(name): credentials_helper in ~\(file), and a plugin",
            needsURL: false,
            steps: { scene in
                let line = "credentials_helper \"keyfob\" {}"
                return [
                    .line(line, in: scene.variable(variable) ?? scene.home + file), .link(plugin(scene), scene),
                ]
            },
            question: { scene, _ in
                SetupQuestion(
                    program: plugin(scene), arguments: ["get", scene.host], isCredential: SetupQuestion.holds("token"))
            })
    }

    private static func tokenHelper(_ name: String, path: String, file: String) -> SetupCaller {
        let helper = VaultDialect.link
        return SetupCaller(
            name: name, programs: [name], summary: "\(name): token_helper in ~\(file)", needsURL: false,
            steps: { scene in
                let path = scene.variable(path) ?? scene.home + file
                let program = scene.installation.path(of: helper)
                let line = "token_helper = " + JSONTree.string(program).line
                return [.line(line, in: path), .link(program, scene)]
            },
            question: { scene, url in
                SetupQuestion(
                    program: scene.installation.path(of: helper), arguments: ["get"],
                    environment: ["VAULT_ADDR": url.description],
                    isCredential: SetupQuestion.saysSomething)
            })
    }
}
