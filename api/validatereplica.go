package api

func (c *constraints) replicaUpdates(updates []ReplicationGroupUpdate) {
	if updates != nil && len(updates) == 0 {
		c.fault("'[]'", nil, "replicaUpdates", minLength(1))
	}
	list := path{name: "replicaUpdates"}
	for i, u := range updates {
		p := list.element(i)
		if u.Create != nil {
			p := p.in("create")
			c.replica(&p, u.Create.RegionName, u.Create.GlobalSecondaryIndexes, u.Create.TableClassOverride)
		}
		if u.Update != nil {
			p := p.in("update")
			c.replica(&p, u.Update.RegionName, u.Update.GlobalSecondaryIndexes, u.Update.TableClassOverride)
		}
		if u.Delete != nil {
			p := p.in("delete")
			c.notNull(&p, "regionName", u.Delete.RegionName != nil)
		}
		if u.Disassociate != nil {
			p := p.in("disassociate")
			c.notNull(&p, "regionName", u.Disassociate.RegionName != nil)
			disassociationModes.require(c, &p, "disassociationMode", u.Disassociate.DisassociationMode)
		}
	}
}

func (c *constraints) replica(p *path, region *string, indexes []ReplicaGlobalSecondaryIndex, class *TableClass) {
	c.notNull(p, "regionName", region != nil)
	tableClasses.check(c, p, "tableClassOverride", class)
	list := p.in("globalSecondaryIndexes")
	for i, index := range indexes {
		p := list.element(i)
		c.requiredText(&p, "indexName", index.IndexName, indexNameRule)
	}
}

func (c *constraints) witnessUpdates(updates []GlobalTableWitnessGroupUpdate) {
	list := path{name: "globalTableWitnessUpdates"}
	for i, u := range updates {
		p := list.element(i)
		if u.Create != nil {
			p := p.in("create")
			c.notNull(&p, "regionName", u.Create.RegionName != nil)
		}
		if u.Delete != nil {
			p := p.in("delete")
			c.notNull(&p, "regionName", u.Delete.RegionName != nil)
		}
	}
}

// checkReplicaUpdates judges that each update of a replica has an action, and
// that no two are of different kinds.
func (in *UpdateTableInput) checkReplicaUpdates() error {
	var create, update, remove, disassociate int
	for _, u := range in.ReplicaUpdates {
		if u == (ReplicationGroupUpdate{}) {
			return Validation("There are no actions specified in the Replica Update Action of the request.")
		}
		create += present(u.Create != nil)
		update += present(u.Update != nil)
		remove += present(u.Delete != nil)
		disassociate += present(u.Disassociate != nil)
	}
	kinds := present(create > 0) + present(update > 0) + present(remove > 0) + present(disassociate > 0)
	if kinds > 1 {
		return Validation("Update table operation with more than one type of replica actions not allowed.")
	}
	if in.MultiRegionConsistency != nil && kinds > 0 && create == 0 {
		return Validation("Only Replica Create actions are supported when MultiRegionConsistency parameter is provided.")
	}
	return nil
}

func present(b bool) int {
	if b {
		return 1
	}
	return 0
}
