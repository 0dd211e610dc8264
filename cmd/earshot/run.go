package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"slices"

	"github.com/alecthomas/kong"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
	"github.com/earshot-chat/earshot/config"
	"github.com/earshot-chat/earshot/internal/handover"
	"github.com/earshot-chat/earshot/store/sqlstore"
)

// version is the release that the source is of; make build puts the commit's description in its place.
var version = "0.1.0"

// Exit codes.
const (
	exitOK      = 0
	exitFailure = 1
	// exitUsage is for a command line, an environment or a settings file that makes no sense.
	exitUsage = 2
	// exitNotFound is for a user, a group, a room or a database that is named and not there.
	exitNotFound = 3
)

const description = `Earshot is a messenger that remembers nothing: you hear what is said in a room while you are in it.

Start a server with "earshot serve". Settings come from the command line, from environment variables, and from a TOML
file, in this order.`

// commands is the command line.
type commands struct {
	Serve serveCmd `cmd:"" help:"Run the server."`
	User  struct {
		Create     userCreateCmd     `cmd:"" help:"Create users."`
		List       userListCmd       `cmd:"" help:"List users by name."`
		Show       userShowCmd       `cmd:"" help:"Show a user with groups and permissions."`
		Change     userChangeCmd     `cmd:"" help:"Change a user's address of mail or display name."`
		Passwd     userPasswdCmd     `cmd:"" help:"Give a user another password."`
		ResetLink  userResetLinkCmd  `cmd:"" help:"Make a link with which a user sets a password, to hand over."`
		Activate   userActivateCmd   `cmd:"" help:"Let users log in again."`
		Deactivate userDeactivateCmd `cmd:"" help:"Cut users off, and let them log in no more."`
		Grant      userGrantCmd      `cmd:"" help:"Grant permissions to a user, or make staff or a superuser."`
		Revoke     userRevokeCmd     `cmd:"" help:"Take permissions from a user, or what staff and superusers may."`
		Factors    userFactorsCmd    `cmd:"" name:"reset-factors" help:"Take second factors and recovery codes from users who have lost them."`
		Delete     userDeleteCmd     `cmd:"" help:"Delete users."`
	} `cmd:"" help:"Look after users."`
	Group struct {
		Create groupCreateCmd `cmd:"" help:"Create a group."`
		List   groupListCmd   `cmd:"" help:"List the groups with their permissions."`
		Show   groupShowCmd   `cmd:"" help:"Show a group with its members."`
		Add    groupAddCmd    `cmd:"" help:"Put users into a group."`
		Remove groupRemoveCmd `cmd:"" help:"Take users out of a group."`
		Grant  groupGrantCmd  `cmd:"" help:"Grant permissions to a group."`
		Revoke groupRevokeCmd `cmd:"" help:"Take permissions from a group."`
		Rename groupRenameCmd `cmd:"" help:"Give a group another name."`
		Delete groupDeleteCmd `cmd:"" help:"Delete a group."`
	} `cmd:"" help:"Look after groups, which give permissions to their members."`
	Token struct {
		Create tokenCreateCmd `cmd:"" help:"Create bearer tokens, with which scripts and bots log in."`
		List   tokenListCmd   `cmd:"" help:"List a user's tokens, without their secrets."`
		Revoke tokenRevokeCmd `cmd:"" help:"End tokens of a user."`
	} `cmd:"" help:"Look after tokens."`
	Invite inviteCmd `cmd:"" help:"Make an invitation link, with which people sign up."`
	Room   struct {
		Create roomCreateCmd `cmd:"" help:"Create a room."`
		List   roomListCmd   `cmd:"" help:"List the rooms by name, private ones too."`
		Show   roomShowCmd   `cmd:"" help:"Show a room with its members."`
		Change roomChangeCmd `cmd:"" help:"Change a room's title, topic, or who may enter."`
		Owner  roomOwnerCmd  `cmd:"" help:"Give a room to a user, or to nobody."`
		Lock   roomLockCmd   `cmd:"" help:"Have only those who keep order speak in a room, or let only them in."`
		Unlock roomUnlockCmd `cmd:"" help:"Open a room again."`
		Slow   roomSlowCmd   `cmd:"" help:"Set how long each person waits between two messages in a room."`
		Mute   roomMuteCmd   `cmd:"" help:"Have users say nothing in a room. To put them out, see earshot ban --room."`
		Unmute roomUnmuteCmd `cmd:"" help:"Let users speak in a room again."`
		Mutes  roomMutesCmd  `cmd:"" help:"List who is muted in a room."`
		Delete roomDeleteCmd `cmd:"" help:"Delete rooms."`
		Member struct {
			Add    roomMemberAddCmd    `cmd:"" help:"Let users into a private room."`
			Remove roomMemberRemoveCmd `cmd:"" help:"Take users out of a private room."`
			List   roomMemberListCmd   `cmd:"" help:"List who may enter a private room besides its owner."`
		} `cmd:"" help:"Look after the members of a private room."`
	} `cmd:"" help:"Look after rooms."`
	Ban    banCmd    `cmd:"" help:"Keep users or addresses off the server, or users off a room."`
	Unban  unbanCmd  `cmd:"" help:"Let users or addresses in again."`
	Bans   bansCmd   `cmd:"" help:"List who is kept off the server, or off a room."`
	Log    logCmd    `cmd:"" help:"Show who did what: the log of actions."`
	Doctor doctorCmd `cmd:"" help:"Look at a running server from outside, and tell what is wrong with it or with what stands before it."`
	Import struct {
		Django importDjangoCmd `cmd:"" help:"Take over users, groups and rooms of a Django project."`
	} `cmd:"" help:"Take over what another program has."`
	Version versionCmd `cmd:"" help:"Show the version."`

	SecondFactor secondFactorCmd `cmd:"" help:"Show of whom a second factor is required, or set it."`

	ShowVersion kong.VersionFlag `name:"version" help:"Show the version."`
}

// environment is what a command may use of the process that it runs in.
type environment struct {
	ctx    context.Context //nolint:containedctx // it lives as long as one run
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
	// inherited is what the process was started with, upgrades tells that it is to start a successor.
	inherited *handover.Inheritance
	upgrades  <-chan os.Signal
}

// exited is how kong's own --help and --version leave, instead of ending the process.
type exited int

// run is the whole program: what main and the tests call. It returns the exit code.
func run(env *environment, args []string, lookup func(string) (string, bool)) (code int) {
	defer func() {
		switch v := recover().(type) {
		case nil:
		case exited:
			code = int(v)
		default:
			panic(v)
		}
	}()
	var cmds commands
	options := append(config.NewSource(lookup).Options(),
		kong.Name("earshot"),
		kong.Description(description),
		kong.Writers(env.stdout, env.stderr),
		kong.Exit(func(code int) { panic(exited(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, WrapUpperBound: 120}),
		kong.Vars{"version": versionText()},
	)
	parser, err := kong.New(&cmds, options...)
	if err != nil { // the grammar above is at fault
		panic(err)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if args[0] == "help" {
		args = append(slices.Clone(args[1:]), "--help")
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return report(env.stderr, err)
	}
	return report(env.stderr, parsed.Run(env))
}

// report tells the error, if there is one, and gives the exit code.
func report(stderr io.Writer, err error) int {
	if err == nil {
		return exitOK
	}
	_, _ = fmt.Fprintln(stderr, "earshot:", err)
	if parse, ok := errors.AsType[*kong.ParseError](err); ok {
		if node := parse.Context.Selected(); node != nil {
			_, _ = fmt.Fprintf(stderr, "See earshot %s --help.\n", node.Path())
		} else {
			_, _ = fmt.Fprintln(stderr, "See earshot --help.")
		}
		return exitUsage
	}
	if e, ok := errors.AsType[*earshot.Error](err); ok && e.Code == earshot.CodeNotFound {
		return exitNotFound
	}
	return exitFailure
}

// storageFlags is what every command takes that works on the database.
type storageFlags struct {
	config.FileFlag
	config.Storage
}

// openStore opens the database with open, and makes the data directory first if the database is in it.
func openStore(ctx context.Context, at config.Storage,
	open func(context.Context, string) (*sqlstore.Store, error),
) (*sqlstore.Store, error) {
	if at.NeedsDirectory() {
		// For the owner only: whoever reads the database can try the passwords' hashes.
		if err := os.MkdirAll(at.Data, 0o700); err != nil {
			return nil, fmt.Errorf("making the data directory: %w", err)
		}
	}
	store, err := open(ctx, at.DSN())
	if err != nil {
		return nil, fmt.Errorf("opening the database: %w", err)
	}
	return store, nil
}

// withStore opens the database for one piece of work, beside a server or without one. It makes none: where a path is
// mistyped there would be an empty one, and a command that found nobody.
func withStore(ctx context.Context, at config.Storage, work func(*sqlstore.Store) error) error {
	store, err := sqlstore.OpenExisting(ctx, at.DSN())
	if err != nil {
		return fmt.Errorf("opening the database: %w", err)
	}
	return errors.Join(work(store), store.Close())
}

// withAccounts is withStore for work on accounts.
func withAccounts(ctx context.Context, at config.Storage, work func(*account.Service) error) error {
	return withStore(ctx, at, accountWork(work))
}

// withNewStore is withStore for the commands that may come first: it makes the database where there is none.
func withNewStore(ctx context.Context, at config.Storage, work func(*sqlstore.Store) error) error {
	store, err := openStore(ctx, at, sqlstore.Open)
	if err != nil {
		return err
	}
	return errors.Join(work(store), store.Close())
}

// accountWork is work on the accounts of a store.
func accountWork(work func(*account.Service) error) func(*sqlstore.Store) error {
	return func(store *sqlstore.Store) error {
		return work(account.New(accountStores(store), account.DefaultConfig(), nil))
	}
}

func accountStores(store *sqlstore.Store) account.Stores {
	return account.Stores{
		Users: store, Passwords: store, Edit: store, Own: store, Secrets: store, Profiles: store, Groups: store, Sessions: store, Tokens: store, Invitations: store,
		TOTP: store, Recovery: store, Passkeys: store, Identities: store, Origins: store, Tickets: store, Factors: store, Bans: store, Actions: store,
	}
}

type versionCmd struct{}

// Run shows the version.
func (versionCmd) Run(env *environment) error {
	_, err := fmt.Fprintln(env.stdout, versionText())
	return err
}

// versionText tells the release, the commit if the build knows it, and what it was built with and for.
func versionText() string {
	commit := ""
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && len(s.Value) >= 12 {
				commit = " " + s.Value[:12]
			}
		}
	}
	return fmt.Sprintf("earshot %s%s (%s, %s/%s)", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
