package main

import (
	"fmt"

	"github.com/earshot-chat/earshot"
	"github.com/earshot-chat/earshot/account"
)

type secondFactorCmd struct {
	storageFlags
	jsonFlag
	Required string `arg:"" optional:"" enum:"nobody,staff,everybody," default:"" help:"Of whom one is required from now on: nobody, staff (superusers, too) or everybody."`
}

// Run tells of whom a second factor is required, or sets it. A server that runs acts on it within a second. Whoever runs the
// server is not asked for one of their own: it is the way back in, too.
func (c *secondFactorCmd) Run(env *environment) error {
	return withAccounts(env.ctx, c.Storage, func(service *account.Service) error {
		if c.Required != "" {
			if err := service.RequireFactor(env.ctx, nil, earshot.Required(c.Required)); err != nil {
				return err
			}
		}
		of, err := service.RequiredFactor(env.ctx)
		if err != nil {
			return err
		}
		if c.JSON {
			return printJSON(env.stdout, map[string]earshot.Required{"required": of})
		}
		_, err = fmt.Fprintf(env.stdout, "A second factor is required of %s.\n", of)
		return err
	})
}
