package api

import "slices"

// Validate: see Request.
func (in *UpdateTableInput) Validate() error {
	if err := controlTableName(in.TableName); err != nil {
		return err
	}
	var c constraints
	c.attributeDefinitions(in.AttributeDefinitions)
	billingModes.check(&c, nil, "billingMode", in.BillingMode)
	c.provisionedThroughput(nil, in.ProvisionedThroughput)
	c.indexUpdates(in.GlobalSecondaryIndexUpdates)
	c.vectorUpdates(in.VectorIndexUpdates)
	c.warmThroughput(nil, in.WarmThroughput)
	c.streamSpecification(in.StreamSpecification)
	c.sseSpecification(in.SSESpecification)
	c.replicaUpdates(in.ReplicaUpdates)
	c.witnessUpdates(in.GlobalTableWitnessUpdates)
	consistencies.check(&c, nil, "multiRegionConsistency", in.MultiRegionConsistency)
	replicationModes.check(&c, nil, "globalTableSettingsReplicationMode", in.GlobalTableSettingsReplicationMode)
	if err := c.err(); err != nil {
		return err
	}

	for _, check := range [...]func() error{
		in.checkAnything, in.checkCombination, in.checkThroughput, in.checkIndexUpdates, in.checkVectorUpdates, in.checkReplicaUpdates, in.checkSettings,
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

func (c *constraints) indexUpdates(updates []GlobalSecondaryIndexUpdate) {
	list := path{name: "globalSecondaryIndexUpdates"}
	for i, u := range updates {
		p := list.element(i)
		if u.Update != nil {
			p := p.in("update")
			c.requiredText(&p, "indexName", u.Update.IndexName, indexNameRule)
			c.provisionedThroughput(&p, u.Update.ProvisionedThroughput)
			c.warmThroughput(&p, u.Update.WarmThroughput)
		}
		if u.Create != nil {
			p := p.in("create")
			c.projection(&p, u.Create.Projection)
			c.requiredText(&p, "indexName", u.Create.IndexName, indexNameRule)
			c.provisionedThroughput(&p, u.Create.ProvisionedThroughput)
			c.keySchema(&p, u.Create.KeySchema, 0)
			c.warmThroughput(&p, u.Create.WarmThroughput)
		}
		if u.Delete != nil {
			p := p.in("delete")
			c.requiredText(&p, "indexName", u.Delete.IndexName, indexNameRule)
		}
	}
}

func (c *constraints) vectorUpdates(updates []VectorIndexUpdate) {
	list := path{name: "vectorIndexUpdates"}
	for i, u := range updates {
		p := list.element(i)
		if u.Create != nil {
			p := p.in("create")
			c.vectorIndex(&p, (*VectorIndex)(u.Create))
		}
		if u.Delete != nil {
			p := p.in("delete")
			c.requiredText(&p, "indexName", u.Delete.IndexName, indexNameRule)
		}
	}
}

// checkAnything reports a request that changes nothing. The members that AWS
// names include some that are not public.
func (in *UpdateTableInput) checkAnything() error {
	if in.ProvisionedThroughput != nil || in.BillingMode != nil || in.StreamSpecification != nil ||
		len(in.GlobalSecondaryIndexUpdates) > 0 || in.SSESpecification != nil || len(in.ReplicaUpdates) > 0 ||
		in.DeletionProtectionEnabled != nil || in.OnDemandThroughput != nil || in.WarmThroughput != nil ||
		in.TableClass != nil || len(in.VectorIndexUpdates) > 0 || len(in.GlobalTableWitnessUpdates) > 0 ||
		in.GlobalTableSettingsReplicationMode != nil || in.DisassociationProtectionEnabled != nil {
		return nil
	}
	consistency := "MultiRegionConsistency, "
	if in.MultiRegionConsistency != nil {
		consistency = ""
	}
	return Validation("At least one of ProvisionedThroughput, BillingMode, UpdateStreamEnabled, GlobalSecondaryIndexUpdates, " +
		"SSESpecification, ReplicaUpdates, MultiAccountReplicaReady, ReplicaTransitRoleArn, " + consistency +
		"DeletionProtectionEnabled, OnDemandThroughput, WarmThroughput or TableClass is required")
}

// checkCombination reports changes that AWS does not make together.
func (in *UpdateTableInput) checkCombination() error {
	units := in.ProvisionedThroughput != nil || in.BillingMode != nil
	created := slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u GlobalSecondaryIndexUpdate) bool { return u.Create != nil })
	index := created || len(in.VectorIndexUpdates) > 0 ||
		slices.ContainsFunc(in.GlobalSecondaryIndexUpdates, func(u GlobalSecondaryIndexUpdate) bool { return u.Delete != nil })
	changes := 0
	for _, given := range [...]bool{
		units, in.StreamSpecification != nil, len(in.GlobalSecondaryIndexUpdates) > 0, in.SSESpecification != nil,
		len(in.ReplicaUpdates) > 0 || len(in.GlobalTableWitnessUpdates) > 0, in.DeletionProtectionEnabled != nil,
		in.OnDemandThroughput != nil, in.WarmThroughput != nil, in.TableClass != nil, len(in.VectorIndexUpdates) > 0,
		in.GlobalTableSettingsReplicationMode != nil, in.DisassociationProtectionEnabled != nil,
	} {
		if given {
			changes++
		}
	}
	others := changes > 1
	for _, rule := range [...]struct {
		broken bool
		text   string
	}{
		{others && in.SSESpecification != nil, "Server-Side Encryption modification must be the only operation in the request"},
		{others && in.TableClass != nil, "TableClass modification must be the only operation in the request"},
		{others && in.DeletionProtectionEnabled != nil, "DeletionProtection modification must be the only operation in the request"},
		{others && in.DisassociationProtectionEnabled != nil, "DisassociationProtection modification must be the only operation in the request"},
		{others && len(in.ReplicaUpdates) > 0, "Replica modification must be the only operation in the request"},
		{others && len(in.GlobalTableWitnessUpdates) > 0, "Requests that modify replicas or witnesses must not also modify other fields"},
		{in.WarmThroughput != nil && created, "Create global secondary index cannot be specified when updating WarmThroughput"},
		{in.WarmThroughput != nil && others && !(changes == 2 && len(in.GlobalSecondaryIndexUpdates) > 0), "WarmThroughput must be the only operation in the request"},
		{in.OnDemandThroughput != nil && (in.ProvisionedThroughput != nil || in.StreamSpecification != nil), "OnDemandThroughput can only be combined with BillingMode in an UpdateTable request"},
		{in.StreamSpecification != nil && units, "You cannot modify stream status while updating table IOPS"},
		{index && in.ProvisionedThroughput != nil, "You cannot create or delete index while updating table IOPS"},
		{index && in.StreamSpecification != nil, "You cannot create or delete index while changing stream status"},
	} {
		if rule.broken {
			return Validation(invalidParameter + rule.text)
		}
	}
	return nil
}

func (in *UpdateTableInput) checkThroughput() error {
	if in.BillingMode != nil {
		switch {
		case *in.BillingMode == BillingModeProvisioned && in.ProvisionedThroughput == nil:
			return Validation(invalidParameter + "ProvisionedThroughput must be specified when BillingMode is PROVISIONED")
		case *in.BillingMode == BillingModePayPerRequest && in.ProvisionedThroughput != nil:
			return Validation(invalidParameter + "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST")
		}
	}
	if err := checkUnits(in.ProvisionedThroughput); err != nil {
		return err
	}
	return checkOnDemand(in.OnDemandThroughput, "table", true)
}

func (in *UpdateTableInput) checkIndexUpdates() error {
	names := make([]string, 0, len(in.GlobalSecondaryIndexUpdates))
	online := 0
	for _, u := range in.GlobalSecondaryIndexUpdates {
		var name string
		set := 0
		if u.Update != nil {
			name = *u.Update.IndexName
			set++
		}
		if u.Create != nil {
			name = *u.Create.IndexName
			set++
			online++
		}
		if u.Delete != nil {
			name = *u.Delete.IndexName
			set++
			online++
		}
		switch {
		case set == 0:
			return Validation(invalidParameter + "One of GlobalSecondaryIndexUpdate.Update, GlobalSecondaryIndexUpdate.Create, GlobalSecondaryIndexUpdate.Delete must not be null")
		case set > 1:
			return Validation(invalidParameter + "Only one global secondary index action is allowed per GlobalSecondaryIndexUpdate object")
		case slices.Contains(names, name):
			return Validation(invalidParameter + "Only one global secondary index update per index is allowed simultaneously. Index: " + name)
		}
		names = append(names, name)
	}
	if online > 1 {
		return &Error{
			Code:    CodeLimitExceeded,
			Message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
		}
	}
	for _, u := range in.GlobalSecondaryIndexUpdates {
		if err := in.checkIndexUpdate(u); err != nil {
			return err
		}
	}
	return nil
}

func (in *UpdateTableInput) checkIndexUpdate(u GlobalSecondaryIndexUpdate) error {
	if x := u.Update; x != nil {
		if x.ProvisionedThroughput == nil && x.OnDemandThroughput == nil && x.WarmThroughput == nil {
			return Validation(invalidParameter + "ProvisionedThroughput must be specified for index: " + *x.IndexName)
		}
		return checkOnDemand(x.OnDemandThroughput, "index : "+*x.IndexName, true)
	}
	x := u.Create
	if x == nil {
		return nil
	}
	if len(in.AttributeDefinitions) == 0 {
		return Validation(invalidParameter + "AttributeDefinitions is not specified for index: " + *x.IndexName)
	}
	if err := checkDefined(keyNames(x.KeySchema), definedNames(in.AttributeDefinitions)); err != nil {
		return err
	}
	if err := checkGlobalKey(x.KeySchema); err != nil {
		return err
	}
	if err := checkIndexProjection(x.Projection); err != nil {
		return err
	}
	return checkOnDemand(x.OnDemandThroughput, "index : "+*x.IndexName, false)
}

func (in *UpdateTableInput) checkVectorUpdates() error {
	if len(in.VectorIndexUpdates) > 1 {
		return &Error{
			Code:    CodeLimitExceeded,
			Message: "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
		}
	}
	for _, u := range in.VectorIndexUpdates {
		if (u.Create == nil) == (u.Delete == nil) {
			return Validation(invalidParameter + "One of VectorIndexUpdate.Create, VectorIndexUpdate.Delete must not be null")
		}
		if u.Create != nil {
			// Its search schema may use attributes that the table has defined already.
			v := VectorIndex(*u.Create)
			v.SearchSchema = nil
			if err := checkVectorIndex(&v, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

func (in *UpdateTableInput) checkSettings() error {
	if s := in.StreamSpecification; s != nil {
		switch {
		case *s.StreamEnabled && s.StreamViewType == nil:
			return Validation(invalidParameter + "If stream is being enabled then UpdateViewType is required")
		case !*s.StreamEnabled && s.StreamViewType != nil:
			return Validation(invalidParameter + "If stream is being disabled, then UpdateViewType must not be specified")
		}
	}
	if err := checkEncryption(in.SSESpecification); err != nil {
		return err
	}
	return checkTableClass(in.TableClass)
}
